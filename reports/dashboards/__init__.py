"""The content of pages, formatted: figures, charts with their tables, sentences. A board computes nothing.

May import: behind, measures, rollups, charts and what lies below them.
A new board is a module here named for its page; its numbers come from `measures`.
"""
