"""The presence review: signing charters, reviews by quarter, and sunsets of brand accounts.

May import: brand_accounts and all below. Nothing here reads cases: `open_cases_hooks` of `sunsets` ask the inbox. A new
step of a sunset goes into `steps`.
"""
