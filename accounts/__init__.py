"""People, departments, brand accounts and who may do what. Knows nothing of messages or cases.

May import: networks, postgres.
A new right goes into `access`, a new subject into a package of its own; docs/architecture.md shows the order.
"""
