"""Saved views: which a person may open and change, where they stand in the navigation, how many cases they list.

May import: what the queue may. `rail` and `counting` lie below the queue's navigation and counts, `pages` above them. Who may
do what is in `rights`, changes are in `editing`, what opens first is in `opening`.
"""
