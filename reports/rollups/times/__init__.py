"""Times from roll-ups.

How long customers wait, in clock and business time, and in which hours of the week.
May import: what roll-ups may.
A new wait is a kind of fact and a line in `waits`.
"""
