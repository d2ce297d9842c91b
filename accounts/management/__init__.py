"""Commands of accounts, thin: parse, call, print.

May import: everything in accounts but views.
A new command is a module in `commands`; its work is a function in the package of its subject.
"""
