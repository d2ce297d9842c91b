"""The demo: a company with departments and people, their roster, and the simulated networks.

May import: every room; only `up` and `seed_demo` use it.
A new feature shows in the demo by data that is made here through the product's own verbs.
"""
