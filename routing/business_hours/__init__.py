"""Business time: calendars, changes of hours, the notation of hours, public holidays. Pure.

May import: scope, refusals, facts, text; not reading, which stands beside it.
A new kind of closed or open day goes into `calendar`; how people write hours into `notation`.
"""
