"""The pages of the inbox: function views, one page each with its fragment.

May import: everything in inbox but its neighbours management and templatetags. A new page is a module here named for
it, an address in `inbox.urls`, a row in tests/inbox/views/test_access.py; no SQL in a view.
"""
