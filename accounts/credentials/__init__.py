"""Secrets of brand accounts: encryption, decryption, renewal before they expire.

May import: working_time, guards, access and the models; not roster, which is on the same level.
All code that handles tokens goes here; checking a token with its network is in `accounts.brand_accounts.checks`.
"""
