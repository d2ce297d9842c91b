"""Today's page: what is on fire now. `board` puts it together; each other module shows one part of it.

May import: behind, measures, rollups, charts and what lies below them.
A new part of the page is a module here and a template beside `reports/_today.html`.
"""
