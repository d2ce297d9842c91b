"""Business time: calendars, versions of hours, the notation of hours, public holidays. Pure.

May import: scope, refusals, facts, text; not reading, which is on the same level. A new kind of closed or
open day goes into `calendar`; a new notation of hours into `notation`.
"""
