"""Who works on a case: automatic assignment, taking the next, people who leave, no case in limbo.

May import: cases, notices, replies, ingest and all below; not decisions or escalation, which stand beside it. A new
reason why a person fits a case or not goes into `needs` and `deal`; a new sweep is a module called from `inbox.tasks`.
"""
