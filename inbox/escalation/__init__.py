"""Clocks that run out: warnings, missed targets, escalation steps, each once; and clocks set anew.

May import: cases, notices, replies, ingest and all below; not decisions or assignment, which stand beside it.
A new consequence of a missed target is a step in `sweep`; how a due time is reckoned is `routing.service_levels`.
"""
