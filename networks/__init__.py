"""Connectors: they translate each social network's wire format into plain dataclasses.

May import: nothing else of Horseshoe, no Django, no Celery. Only this package imports the networks' libraries.
A new network is a folder that implements `networks.base`, and one line in `networks.registry`.
"""
