"""Lists of cases and their surroundings: the queue's rows, search, counts, the navigation.

May import: decisions, escalation, assignment, cases, notices, replies and all below; not `inbox.case_page`. A new
filter goes into `filters` and `listing`, a new number beside a view into `counts`, a new entry of the navigation into
`navigation`.
"""
