"""The playbook: the tree of questions and the walk through it, versions, edits, ownership, and its pages.

May import: classifier, conditions, pages, business_hours, reading, scope and all below; not rules. A new kind
of outcome goes into `tree` and `forms`; a new check of a tree into `checks`.
"""
