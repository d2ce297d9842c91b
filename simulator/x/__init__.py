"""X API v2, as far as a brand's inbox uses it.

May import: the simulator's own modules.
A new endpoint goes into `routes` and the module of its kind (`reads`, `writes`, `direct`).
"""
