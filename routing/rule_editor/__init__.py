"""Pages of the rules: list, form, drafts, and live feedback while typing.

May import: rules, playbook, conditions, pages and all below; not service_levels or skills, which are on the same
layer. A new input of the rule's form goes into `forms` (`condition_form` for conditions); a new edit of rules into
`routing.rules`. A posted rule is read by `editor`, checked by `checks`, saved by `saving`, and rendered by
`edit_page`.
"""
