"""Service levels: policies and due times, versions, editing, the pages of policies and calendars.

May import: departments, rules, playbook, pages, business_hours and all below; not rule_editor or skills.
A new term of a policy goes into `policies` (pure), `forms` and `wording`; business time itself is `routing.business_hours`.
"""
