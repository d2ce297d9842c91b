"""How fast Horseshoe is, each figure against a floor measured in the same run (docs/benchmarks.md).

May import: every room; nothing imports it but the command.
A new bench is a module with `measure(options, say)` and a name in `runner.BENCHES`.
"""
