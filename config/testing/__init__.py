"""The pytest plugin: servers, databases and settings that every test run has.

May import: config.embedded and Django; no room of the product.
A new fixture for all tests goes into tests/conftest.py; what must happen before Django starts goes here.
"""
