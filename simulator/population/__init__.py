"""The customers of the demo: who they are, what they write, how they react."""
