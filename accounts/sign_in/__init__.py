"""Signing in: how many wrong passwords are too many, browsers that have signed in before, whom a session signs in.

May import: models and below; nothing else of accounts.
A new limit is one more counter in `limits`.
"""
