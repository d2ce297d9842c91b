"""Views of what people do with cases besides solving them.

May import: what `inbox.views` may.
A new subject goes into a module of its own here.
"""
