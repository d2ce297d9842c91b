"""Database technique that any room may use: bound cursors, prepared querysets, the table of advisory locks.

May import: Django. Knows no model, no table and no room.
A new one goes here when it is about how Postgres is asked, whatever is asked for.
"""
