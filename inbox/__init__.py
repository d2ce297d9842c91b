"""Messages become cases, people answer them, answers go out.

May import: routing, accounts, networks.base and networks.registry, postgres.
docs/architecture.md shows the rooms in here and where a new verb, page, notice or column goes.
"""
