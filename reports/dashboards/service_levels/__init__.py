"""The page of service levels: which targets were met, and where those that were missed cluster.

May import: behind, measures, rollups, charts and what lies below them.
A new part of the page is a module here and a template beside `reports/service_levels.html`.
"""
