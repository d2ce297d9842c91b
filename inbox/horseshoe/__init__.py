"""A case's way through the company: the parts of its time, and the horseshoe that shows them. Pure.

The page of a case and the reports use both.
May import: nothing of the rooms.
A new part goes into `parts`; the drawing is `ring`.
"""
