"""The measures: one definition each (docs/metrics.md), exact, from rows.

May import: charts and what lies below them.
A new measure is a module here: it takes `(user, period, filters, *, now)` and returns plain dataclasses.
"""
