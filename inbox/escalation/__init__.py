"""Clocks that run out: warnings, missed targets, escalation steps, each once; and recomputing clocks.

May import: cases, notices, replies, ingest and all below; not decisions or assignment, which stand beside it. A new
consequence of a missed target is a step in `sweep`; due times are computed by `routing.service_levels`.
"""
