"""Incoming messages: polling, one page in one transaction, threads, edits, echoes, quarantine.

May import: notices, changes, live, previews, visibility and all below; not replies, which stand beside it.
A new fact about an arriving message goes into `storable` and `intake`; only `read_sql` reads and locks, only `write_sql` writes.
"""
