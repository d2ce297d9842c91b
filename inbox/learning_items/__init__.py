"""Learning items: what customers keep saying, until they hear what became of it.

May import: replies, notices, changes and what lies below; nothing of the pages. `rights` says who may do what, `items`
and `linking` change an item, `rounds` tells its customers. Numbers are in `reports`; the learned router is
`routing.learning`, which has nothing to do with it.
"""
