"""Commands of the reports, thin: parse, call, print.

May import: everything in reports but views.
A new command is a module in `commands`; its work is a function in the room of its subject.
"""
