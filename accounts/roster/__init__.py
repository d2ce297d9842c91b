"""The roster: who is on point for which brand account and hour, absences, its week as a page shows it.

May import: working_time, guards, access and the models; not credentials, which stand beside it.
A new edit of the roster goes into `planning`, a new thing its week shows into `week`; reckoning with shifts is `accounts.shifts`.
"""
