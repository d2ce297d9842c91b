"""The demo: a company with departments and people, their roster, and the simulated networks.

May import: every room; only `up`, `seed_demo` and the app's start use it.
To show a new feature in the demo, make data for it here by calling the product's own functions.
"""
