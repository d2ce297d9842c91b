"""Connectors: the wire format of each social network on one side, plain facts on the other.

No Django and no Celery in here, and no knowledge of who calls. See `networks.base` for the contract.
"""
