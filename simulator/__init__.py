"""The simulator: X API v2 and the Graph API on the wire, with customers who write.

May import: none of the rooms, and none of them imports it. It serves the demo and the tests. A new network to
play is a folder like `x`; what customers write is `population`.
"""
