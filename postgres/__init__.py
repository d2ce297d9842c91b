"""Database technique that any package may use: bound cursors, prepared querysets, the table of advisory locks.

May import: Django. Knows no model, no table and no other package.
A new module goes here when it is about how to query Postgres, whatever the tables.
"""
