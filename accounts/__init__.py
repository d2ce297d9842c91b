"""People, departments, brand accounts and permissions. Knows nothing of messages or cases.

May import: networks, postgres.
A new permission goes into `access`, a new subject into its own package; docs/architecture.md shows the order.
"""
