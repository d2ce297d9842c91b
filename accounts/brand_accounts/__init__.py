"""Brand accounts: connecting, checking, health, the charter, display.

May import: credentials, roster and all below; not people, which is on the same level.
A new problem of a brand account goes into `health`, a new field of the charter into `forms`.
"""
