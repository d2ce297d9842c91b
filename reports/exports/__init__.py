"""Ways for numbers to leave the house: CSV, SVG, print; saved reports, their mails, links that expire.

May import: dashboards and what lies below them.
A new form of export is a module here; what it holds comes from a board or from `behind`.
"""
