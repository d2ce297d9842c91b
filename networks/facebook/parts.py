"""The parts of a walk over a Page's comments: newest posts, older posts, visitors' posts, advertisements.

How many posts a walk reads in each part, how far back it reads there, and what comes next.
"""

from __future__ import annotations

from dataclasses import replace

from networks.facebook.walk import OVERLAP, Params, Walk
from networks.facebook.walk import Older as Older

#: The outer edges of each stream, in their order. `older` goes on in `published_posts` below the newest ones.
EDGES: dict[str, tuple[str, ...]] = {
    "comments": ("published_posts", "older", "feed", "ads_posts"),
    "visitor_posts": ("feed", "tagged"),
    "direct": ("conversations",),
}
NEWEST_POSTS = 100
SWEPT_POSTS = 1000
#: Older posts that one walk reads, and a sweep: a pass over all of them takes as many walks as it needs.
OLDER_POSTS, OLDER_SWEPT_POSTS = 100, 500
ADVERTISEMENTS = 500
#: Under older posts and advertisements the first poll reads comments of this time, in seconds.
_FIRST_REACH = 30 * 86400
#: A pass over the older posts reads at least this far before the beginning of the last one.
_OLDER_OVERLAP = 3600
#: Advertisements that were refused are asked for again after this time.
_ADS_REST = 3600


def current_part(walk: Walk, stream: str) -> str:
    """Return the name of the part that a walk is in."""
    return EDGES[stream][walk.edge]


def part_floor(walk: Walk, part: str, clock: int) -> int | None:
    """Return how far back a walk reads in a part."""
    if part == "older":
        return walk.older.floor
    if part == "ads_posts":
        return (walk.ads_read or clock - _FIRST_REACH) - max(OVERLAP, walk.reach)
    return walk.floor


def posts_limit(walk: Walk, part: str) -> int:
    """Return how many posts a walk reads in a part."""
    if part == "older":
        return OLDER_SWEPT_POSTS if walk.sweep else OLDER_POSTS
    if part == "ads_posts":
        return ADVERTISEMENTS
    return SWEPT_POSTS if walk.sweep and part == "feed" else NEWEST_POSTS


def end_part(walk: Walk, part: str, following: Params | None, clock: int) -> Walk:
    """Return a walk that has read its part; `following` is where the list goes on."""
    walk = replace(walk, outer_done=True)
    if part == "published_posts":
        return replace(walk, boundary=following)
    if part == "older":
        return replace(walk, older=walk.older._replace(after=following))
    if part == "ads_posts":
        return replace(walk, ads_read=clock, ads_refused=0)
    return walk


def next_part(walk: Walk, stream: str, clock: int) -> Walk | None:
    """Return the walk in its next part, None when it is over."""
    for edge in range(walk.edge + 1, len(EDGES[stream])):
        part = EDGES[stream][edge]
        entered = replace(walk, edge=edge, after=None, outer=0, outer_done=False)
        if part == "older":
            if walk.older.after is None and walk.boundary is None:
                continue
            older = walk.older if walk.older.after is not None else _begin_pass(walk, clock)
            return replace(entered, older=older, after=older.after)
        if part == "ads_posts" and (not walk.sweep or clock - walk.ads_refused < _ADS_REST):
            continue
        return entered
    return None


def _begin_pass(walk: Walk, clock: int) -> Older:
    """Begin a pass over the older posts, from below the newest ones."""
    started = walk.older.started
    floor = started - max(_OLDER_OVERLAP, walk.reach) if started else clock - _FIRST_REACH
    return Older(walk.boundary, floor, clock)


def restart_pass(walk: Walk) -> Walk:
    """Return a walk that begins its pass over the older posts anew.

    The pass reads as far back as the one that it replaces. For a page token that loops or has expired.
    """
    older = Older(None, 0, walk.older.floor + _OLDER_OVERLAP)
    return replace(walk, older=older, outer_done=True)
