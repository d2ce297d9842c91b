"""Eight weeks that a demo has behind it: invented cases as they would have been lived, so that every page has something to show.

May import: every room; only `seed_demo` uses it.
What customers and people say is in the text files, what becomes of a case in `stories`; only `writing` writes.
"""
