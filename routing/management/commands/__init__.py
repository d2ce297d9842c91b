"""Management commands of routing."""
