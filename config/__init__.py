"""Settings, URLs, Celery, embedded servers and commands: everything that starts and configures Horseshoe.

May import: every room; holds no domain logic.
A new setting goes into `settings`, a new process of `up` into `up`, a new bench into `bench`.
"""
