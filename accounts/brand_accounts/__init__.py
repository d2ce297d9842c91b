"""Brand accounts: connecting, checking, health, what the charter lets people do, display.

May import: credentials, roster and all below; not people, which is on the same level.
A new trouble of a brand account goes into `current_troubles`, what an error means into `health`.
"""
