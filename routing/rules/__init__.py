"""The rules: compile and decide, versions, drafts, edits, merging, findings, who may change which.

May import: playbook, conditions, classifier, pages, business_hours, reading, scope and all below; no form, no view.
A new effect of a rule goes into `engine` and `store`; a new complaint about rules into `findings`; a new condition into `routing.conditions`.
"""
