"""Pages of the word lists, by which rules say what a message is about.

May import: rule_editor, rules, conditions, pages and all below. A new input of a list goes into `forms`; a new edit
into `editing`, which publishes or changes the draft as edits of rules do.
"""
