"""The board of outcomes, formatted: what is measured once, the charts, the tables and the sentences.

May import: what dashboards may.
A new table is a function of `context`, a new sentence one of `sentences`.
"""
