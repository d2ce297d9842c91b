"""What starts and configures the whole: settings, addresses, Celery, embedded servers, commands.

May import: every room; holds no domain logic.
A new setting goes into `settings`, a new process of `up` into `up`, a new bench into `bench`.
"""
