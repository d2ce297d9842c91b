"""Rules: compiling and deciding, versions, drafts, edits, merging, findings, edit permissions.

May import: playbook, conditions, classifier, pages, business_hours, reading, scope and all below; no form, no view. A
new effect of a rule goes into `engine` and `store`; a new finding about rules into `findings`; a new condition into
`routing.conditions`.
"""
