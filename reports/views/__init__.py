"""The pages of the reports: function views, one page each, thin.

May import: everything in reports but its neighbour management's commands.
A new page is a module here, an address in `reports.urls`, a row in docs/permissions.md and in the tests of access.
"""
