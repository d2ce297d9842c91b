"""Verbs of cases: one function for each action of a person, with its event in the same transaction.

May import: notices, replies, ingest, changes and all below; no page, no queue. A new verb goes here, in the module of
its subject: it begins with `change_case_as`, writes one event and may notify.
"""
