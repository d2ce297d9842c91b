"""The Graph API for Pages: posts, comments, Messenger, and signing a Page in.

May import: the simulator's own modules.
A new edge goes into `edges`, a new field into `fields` and `render`.
"""
