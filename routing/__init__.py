"""Routing: the department of each message, by when it is answered, and why. Pure functions, and their pages.

May import: accounts, postgres; no case, no message, no network. docs/architecture.md lists the packages in
here and where a new condition, effect or term goes.
"""
