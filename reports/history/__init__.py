"""Conversations from before Horseshoe, read from files: read, checked, stored, with progress.

May import: behind, measures and what lies below them; nothing of presence.
A new format of file is a module here.
"""
