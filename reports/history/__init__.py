"""Conversations from before Horseshoe, read from files: read, checked, decided, stored, with progress, and undone.

May import: behind, measures and what lies below them; nothing of presence.
A new format of file is a module beside `json_lines`; whatever the format, `conversations` checks what was read.
"""
