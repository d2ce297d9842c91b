"""The audit log: written by whatever changes people, rights, connections and settings, read on its page.

May import: access, models and below; nothing else of accounts.
A new thing to record is a verb in `accounts.models.audit`, and `recording.record_change` in the change's transaction.
"""
