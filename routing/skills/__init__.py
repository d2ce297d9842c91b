"""Skills that rules may ask for: rename, merge, delete, and their page.

May import: departments, rules and all below; not service_levels or rule_editor, which are on the same level.
A new edit of skills goes into `editing`, its page into `views`.
"""
