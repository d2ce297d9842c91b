"""Live updates: ids of changed cases published on commit, and the stream that browsers listen to.

May import: previews, visibility and all below.
A new kind of event is published in `publish` and passed on in `stream`; an event carries ids, never contents; who has a
case open is in `here`.
"""
