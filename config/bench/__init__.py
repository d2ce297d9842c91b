"""Benches of speed: each figure against a floor measured in the same run (docs/benchmarks.md).

May import: every room; only the `bench` command imports it.
A new bench is a module with `measure(options, say)` and a name in `runner.BENCHES`.
"""
