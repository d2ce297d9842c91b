"""Which answers need approval and why, who may give it, and the request itself.

May import: routing, accounts, models and visibility. A new condition of a rule goes into `reasons`, its input into
`inbox.approvals.forms`. Deciding about a request, and the pages, are in `inbox.approvals`, above the verbs of answers.
"""
