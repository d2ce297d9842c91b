"""Read the lists in Graph's answers: where they end, when they were changed, the photos of an album."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from networks import wire
from networks.base import InboundMessage, RetryLater
from networks.transport import HTTPAnswer

#: Photos of albums that are read with one request.
PHOTOS_AT_ONCE = 50
#: Asked for with each post, to find the photos of an album: comments under a single photo are not the post's.
ALBUM_FIELDS = "attachments{subattachments{target{id}}}"


def require_sound_page(answer: HTTPAnswer) -> Mapping[str, Any]:
    """Return a page's document.

    Raises `RetryLater` when it has no list: treated as an empty page, it would end the walk early.
    """
    document = wire.as_mapping(answer.document)
    if not isinstance(document.get("data"), list):
        raise RetryLater("Facebook sent a response that could not be read.", code="malformed")
    return document


def reaches_below(messages: Sequence[InboundMessage], floor: int | None) -> bool:
    """Return whether a list goes on only below the floor."""
    return floor is not None and any(message.created_at.timestamp() < floor for message in messages)


def seconds_of(container: object, name: str) -> int:
    """Return a time in a post or conversation, 0 for none."""
    try:
        return int(wire.require_time(wire.as_mapping(container).get(name)).timestamp())
    except ValueError:
        return 0


def photo_ids(container: object) -> list[str]:
    """Return the ids of the photos in a post with several."""
    ids: list[str] = []
    for attached in _data(wire.as_mapping(container).get("attachments")):
        for part in _data(wire.as_mapping(attached).get("subattachments")):
            photo_id = wire.optional_text(wire.as_mapping(wire.as_mapping(part).get("target")).get("id"))
            if photo_id and "," not in photo_id:
                ids.append(photo_id)
    return ids


def _data(value: object) -> Iterable[Any]:
    return wire.as_list(wire.as_mapping(value).get("data"))


def in_batches(ids: Sequence[str]) -> tuple[str, ...]:
    """Return ids as strings of several, each for one request."""
    starts = range(0, len(ids), PHOTOS_AT_ONCE)
    return tuple(",".join(ids[start : start + PHOTOS_AT_ONCE]) for start in starts)


def halve_batch(batch: str) -> tuple[str, ...]:
    """Return a batch of photos in two parts."""
    ids = batch.split(",")
    middle = len(ids) // 2
    return ",".join(ids[:middle]), ",".join(ids[middle:])
