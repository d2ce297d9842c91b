"""The pages of the rules: list, form, drafts, what the rule being typed would do.

May import: rules, playbook, conditions, pages and all below; not service_levels or skills, which stand beside it.
A new input of the rule's form goes into `forms` (`condition_form` for conditions); a new edit of rules into `routing.rules`.
A posted rule is read by `editor`, checked by `checks`, saved by `saving`, and drawn by `edit_page`.
"""
