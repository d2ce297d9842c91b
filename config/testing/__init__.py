"""The pytest plugin: servers, databases and settings that every test run has.

May import: config.embedded, postgres and Django; no other room of the product.
Anything that must happen before Django starts goes here. A fixture goes into the conftest.py of its folder below
tests/ (tests/ itself has none); code that several folders use goes into a module of tests/, such as factories.py.
"""
