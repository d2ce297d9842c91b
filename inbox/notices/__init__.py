"""Notices to people, watches, and notices of changes to rules and assignments.

May import: changes, live, visibility and all below. A new occasion for a notice is a function here,
called by the verb that causes it; notices are shown by `inbox.views.notices`.
"""
