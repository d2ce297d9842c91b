"""Answers on their way out: the composer, drafts, the outbox, and what became of each answer.

May import: changes, live, previews, visibility and all below; not ingest, which stands beside it.
A new reason why an answer may not be sent goes into `composer`; a new state of an answer into `outcomes`.
"""
