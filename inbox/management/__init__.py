"""Commands of the inbox, thin: parse, call, print.

May import: everything in inbox but views.
A new command is a module in `commands`; its work is a function in the room of its subject.
"""
