"""Brand accounts: connecting, checking, health, the charter, how they are shown.

May import: credentials, roster and all below; not people, which stand beside it.
A new thing that can be wrong with a brand account goes into `health`; a new field of the charter into `forms`.
"""
