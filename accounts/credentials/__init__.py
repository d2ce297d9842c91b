"""Secrets of brand accounts: encrypted, opened, renewed before they end.

May import: working_time, guards, access and the models; not roster, which stands beside it.
Whatever touches a token goes here and nowhere else; asking a network whether it still holds is `accounts.brand_accounts.checks`.
"""
