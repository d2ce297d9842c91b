"""What the pages of several rooms of routing share: requests, forms, the list of versions.

May import: business_hours, reading, scope and all below; not classifier or conditions, which stand beside it.
Something goes here once a second room needs it; until then it stays with its page.
"""
