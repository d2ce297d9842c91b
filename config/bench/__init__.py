"""How fast Horseshoe is, each figure against a floor measured in the same run (docs/benchmarks.md)."""
