"""Connectors: the wire format of each social network on one side, plain facts on the other.

May import: nothing of Horseshoe, no Django, no Celery; the networks' libraries only here.
A new network is a folder that fulfils `networks.base`, and one line in `networks.registry`.
"""
