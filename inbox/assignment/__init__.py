"""Who works on a case: dealing out, taking the next, people who leave, no case with nobody.

May import: cases, notices, replies, ingest and all below; not decisions or escalation, which stand beside it.
A new reason why a person fits or does not goes into `needs` and `deal`; a new sweep is a module called from `inbox.tasks`.
"""
