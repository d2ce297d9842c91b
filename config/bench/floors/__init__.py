"""The floors: for each bench the least work that has the same result.

May import: nothing of the other benches but what both read.
A new floor is a module named after its bench.
"""
