"""Approval of answers: deciding, the list of those who decide, answers that go back, and the pages of the rules.

May import: replies, approval_rules and what lies below; nothing of the pages. `deciding` has the verbs, `overtaking` gives
answers back that no longer fit, `work_list` reads the list, `editing` and `forms` are for the rules, new people and the
right to approve. What needs approval and who may give it is in `inbox.approval_rules`, because answers ask it.
"""
