"""The pages of accounts: function views by subject.

May import: everything in accounts but management and middleware, which stand beside it.
A new page is a function in the module of its subject, an address in `accounts.urls`, a row in tests/accounts/test_access.py.
"""
