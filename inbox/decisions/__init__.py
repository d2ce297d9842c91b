"""Routing's decisions afterwards: explain, replay, reread, give a second opinion, train.

May import: cases, notices, replies, ingest and all below; not escalation or assignment, which stand beside it.
A new way to look back at decisions (a comparison, a batch run) is a module here; deciding itself is `routing.rules`.
"""
