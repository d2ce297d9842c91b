"""Commands that start or measure the whole.

May import: everything.
A new command that belongs to one room goes to that room's `management`.
"""
