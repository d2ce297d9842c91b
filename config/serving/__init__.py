"""The way in of requests and the way out of answers: clients' time-outs, size of bodies, threads for pages, headers.

May import: Django, uvicorn and no room; nothing here knows what a page shows.
A new rule that holds for every request, whatever its address, goes here; a new setting into `config.settings`.
"""
