"""Which department a message belongs to, by when and why: pure functions over plain facts, and their pages.

May import: accounts, postgres; no case, no message, no network.
docs/architecture.md shows the rooms in here and where a new condition, effect or term goes.
"""
