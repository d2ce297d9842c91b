"""The roster: people on point by brand account and hour, absences, and the week for its page.

May import: working_time, guards, access and the models; not credentials, which is on the same level.
A new edit goes into `planning`, a new part of the week's page into `week`; computing with shifts is in `accounts.shifts`.
"""
