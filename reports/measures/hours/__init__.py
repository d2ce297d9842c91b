"""The hours of a week.

When customers write and are answered, and when somebody is on point.
May import: what measures may.
A new number by hour of the week goes into `week`, one of the roster into `roster`.
"""
