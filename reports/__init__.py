"""The manager's numbers, computed from the same rows as the timeline; what is made of them; how they leave the house.

May import: every room but config.
A new number is defined in docs/metrics.md, measured in `measures`, listed in `behind`, shown by a board in `dashboards`.
"""
