"""Messages that were deleted on their network: looking for them, and what a deletion does to a case.

May import: `inbox.changes` and what is below it; `replies` and `ingest` import it. How the networks are asked belongs
into `networks`, what a deletion does to a case into `marking`, when we look into `looking`.
"""
