"""The review of brand accounts, as far as it reads figures.

May import: behind, measures and what lies below them; nothing of history.
What changes an account lives in `accounts`; a new view of figures beside an account is a module here.
"""
