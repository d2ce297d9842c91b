"""The learned router at work: corrections, trainings, the active version, suggested rules, its pages.

May import: service_levels, skills, rule_editor, rules, playbook, classifier and all below.
A new way in which people teach the router goes into `corrections`; the model itself is `routing.classifier`.
"""
