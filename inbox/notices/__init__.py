"""What people are told: notices, watches, mails of changes to rules and assignments.

May import: replies, ingest, changes, live, visibility and all below.
A new occasion to tell somebody is a function here, called by the verb that causes it; showing notices is `inbox.views.notices`.
"""
