"""Parts shared by pages of several packages: requests, forms, version lists.

May import: business_hours, reading, scope and all below; not classifier or conditions, which are on the same layer.
Code goes here once a second package needs it; until then it stays with its page.
"""
