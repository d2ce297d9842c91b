"""Answers of our own: the composer, drafts, the outbox, and the outcome of each answer.

May import: notices, changes, live, previews, visibility and all below; not its neighbour ingest. A new reason why an answer may
not be sent goes into `composer`; a new state of an answer into `outcomes`.
"""
