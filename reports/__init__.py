"""The manager's numbers, from the same rows as the timeline, read only.

May import: every room but config.
A new number is defined in docs/metrics.md, computed in the module of its subject and shown by `dashboard`.
"""
