"""Geometry of the charts: positions and sizes computed from plain numbers, for SVG drawn by the server.

May import: filters and what lies below it; no measure.
A new form of chart is a module here; each comes with its table.
"""
