"""Canned answers: kept, found for a case and put into an answer, read from files and written to them.

May import: replies, changes and what lies below; nothing of the pages. `rights` says who may do what, `editing` changes
a canned answer, `offering` ranks them for a case and fills their placeholders. What an answer notes of them, and their
counts, are in `inbox.replies.canned_uses`, because the outbox counts them.
"""
