"""Views of what people do with cases besides solving them: snoozing, reminders.

May import what `inbox.views` may. A view of a new subject gets a module of its own here.
"""
