"""Commands that fill or measure a whole deployment.

May import: everything.
A new command that belongs to one room goes to that room's `management`.
"""
