"""People and departments: changes to them, their forms, the tags that name a department.

May import: credentials, roster, working_time and all below; not brand_accounts, which is on the same level.
A new change to a user or department is a function in `verbs`; its permission is in `accounts.access`.
"""
