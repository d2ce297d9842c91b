"""Management commands of routing: they parse arguments, call a function, and print.

May import: everything in routing. A new command is a module in `commands`; the function that it calls belongs
to the package of its subject.
"""
