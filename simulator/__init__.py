"""Plays X API v2 and the Graph API on the wire, with a population of customers, for the demo and the tests.

May import: none of the rooms, and none of them imports it.
A new network to play is a folder like `x`; what customers write is `population`.
"""
