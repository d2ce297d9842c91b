"""The people who work on cases: assigning, taking the next, people who leave, orphaned cases.

May import: cases, notices, replies, ingest and all below; not its neighbours decisions and escalation. A new reason
why a person fits a case or not goes into `needs` and `distribution`; a new sweep is a module called from `inbox.tasks`.
"""
