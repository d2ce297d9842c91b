"""The learned router in use: corrections, trainings, the active version, suggested rules, and its pages.

May import: service_levels, skills, rule_editor, rules, playbook, classifier and all below. A new kind of
correction goes into `corrections`; the model itself is in `routing.classifier`.
"""
