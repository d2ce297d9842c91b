"""Pages of results that Graph did not show during a walk: they are owed, tried again by the next walks, and stated meanwhile."""

from __future__ import annotations

from dataclasses import replace

from networks.facebook.walk import OWED_FOR, Inner, Walk
from networks.presence import UnreadPart

_KEPT_TRYING = "Facebook does not show them to us, or they were deleted just now. We keep trying."


def owe_inner(walk: Walk, inner: Inner, clock: int) -> Walk:
    """Record in a walk that an inner edge could not be read.

    It is read again from its first page.
    """
    before = next((owed for owed in walk.owed if owed.owner == inner.owner), None)
    floors = [owed.floor for owed in (inner, before) if owed is not None]
    owed = inner._replace(
        params={},
        floor=None if None in floors else min(floor for floor in floors if floor is not None),
        owed_since=(before.owed_since if before else inner.owed_since) or clock,
    )
    listed = walk.listed if inner.owed_since else (*walk.listed, inner.owner)
    others = tuple(other for other in walk.owed if other.owner != inner.owner)
    return replace(walk, owed=(*others, owed), listed=listed)


def note_listed(walk: Walk, ids: list[str]) -> Walk:
    """Record which owed posts, photos or conversations still stand in a list."""
    owners = {inner.owner for inner in walk.owed}
    return replace(walk, listed=(*walk.listed, *(listed_id for listed_id in ids if listed_id in owners)))


def settle_owed(walk: Walk, clock: int, *, direct: bool) -> Walk:
    """Return a complete walk without what is no longer owed.

    A post that stood in no list was deleted. What could not be read for a week leaves a gap.
    """
    standing = tuple(inner for inner in walk.owed if direct or _still_stands(walk, inner))
    owed = tuple(inner for inner in standing if clock - inner.owed_since <= OWED_FOR)
    return replace(walk, owed=owed, lossy=walk.lossy or len(owed) < len(standing))


def _still_stands(walk: Walk, inner: Inner) -> bool:
    if inner.owner in walk.listed:
        return True
    if not inner.made or inner.edge > 1:
        return not walk.sweep
    return inner.made < walk.oldest


def unread_parts(walk: Walk, stream: str) -> tuple[UnreadPart, ...]:
    """Return what a complete walk did not read."""
    parts: list[UnreadPart] = []
    if count := len(walk.owed):
        noun = "conversation" if stream == "direct" else "post or photo"
        some = f"one {noun}" if count == 1 else f"{count} {noun.replace(' or ', 's or ')}s"
        what = f"Messages of {some}" if stream == "direct" else f"Comments under {some}"
        parts.append(UnreadPart("hidden", what, _KEPT_TRYING))
    if stream == "comments" and walk.ads_refused:
        why = (
            "Facebook does not give us the list of the Page's advertisements. Read them in Meta's own tools, or let "
            "the connection read advertisements."
        )
        parts.append(UnreadPart("advertisements", "Comments under advertisements", why, is_trouble=False))
    return tuple(parts)
