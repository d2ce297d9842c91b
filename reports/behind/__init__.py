"""The lists behind numbers: the same statement as the number, one row for each thing that it counts.

May import: rollups, measures and what lies below them.
A new number gets a list in `numbers`; how rows look is in `lists`.
"""
