"""Facts and cells kept for speed: a cache that can be built again from rows at any time.

May import: measures and what lies below them.
A new cell is a column of `models` and is filled, rebuilt and compared here.
"""
