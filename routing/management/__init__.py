"""Commands of routing, thin: parse, call, print.

May import: everything in routing.
A new command is a module in `commands`; its work is a function in the room of its subject.
"""
