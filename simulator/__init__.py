"""Plays X API v2 and the Graph API on the wire, with a population of customers, for the demo and the tests."""
