"""The manager's numbers, computed from the same rows as the timeline. Nothing is written.

May import: every room but config.
A new number is defined in docs/metrics.md, computed in the module of its subject and shown by `dashboard`.
"""
