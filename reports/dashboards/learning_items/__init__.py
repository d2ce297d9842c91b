"""Learning items, formatted: the list, the page of one, and telling its customers.

May import: measures, the wording, and the verbs and rights of `inbox.learning_items`; no view.
A new part of their pages is a module here.
"""
