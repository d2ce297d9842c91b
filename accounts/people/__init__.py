"""People and departments: changing them, their forms, the tags that name a department.

May import: credentials, roster, working_time and all below; not brand_accounts, which stand beside it.
A new change to a user or department is a verb in `verbs`; who may do it is in `accounts.access`.
"""
