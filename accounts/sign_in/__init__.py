"""Signing in: how many wrong passwords are too many, and the browsers that have signed in before.

May import: models and below; nothing else of accounts.
A new limit is one more counter in `limits`.
"""
