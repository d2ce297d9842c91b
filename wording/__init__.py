"""How spans of time, moments and percentages read, wherever they are shown.

May import: Django's time zones and settings. Knows no model, no page and no room.
A new one goes here when two rooms would otherwise write the same thing in words of their own.
"""
