"""Service levels: policies and due times, versions, editing, and the pages of policies and calendars.

May import: departments, rules, playbook, pages, business_hours and all below; not rule_editor or skills. A
new field of a policy goes into `policies` (pure), `policy_forms` and `wording`. Business time itself is in
`routing.business_hours`.
"""
