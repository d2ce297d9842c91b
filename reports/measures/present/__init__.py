"""Measure what is so at this moment, whatever the period: read from the cases alone.

May import: the other measures and what lies below them.
A new number of the present is a module here; one of a period belongs to `reports.measures`.
"""
