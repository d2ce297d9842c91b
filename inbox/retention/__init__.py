"""Retention of texts: the setting, its preview, and the periodic deletion.

May import: changes and what is below. Rows stay when their texts are deleted, so that no number changes; the statements
that delete are functions in the database (inbox/migrations/0008_deleting_old_texts.py), because the application's role
cannot change history. What is due is decided there as well: new conditions belong there, not here.
"""
