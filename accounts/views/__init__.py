"""The pages of accounts: function views by subject.

May import: everything in accounts but management and middleware, which are on the same level.
A new page is a function in the module of its subject, a URL in `accounts.urls`, a row in tests/accounts/test_access.py.
"""
