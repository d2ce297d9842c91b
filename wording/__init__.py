"""Texts for spans of time, times, numbers and percentages, wherever they are shown.

May import: Django's time zones and settings. Knows no model, no page and no other package.
A new function goes here when two packages would otherwise write the same thing in different words.
"""
