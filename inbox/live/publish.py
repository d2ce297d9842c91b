"""Live updates: what changed, told to every open page within its permissions.

A change is published to Redis when its transaction has committed. Each web process holds one subscription and fans
out to the pages that are open there. What travels is ids; the page asks again through the viewer-scoped views, so a
lost or doubled event is harmless, and a page that lost its stream polls.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
import redis
from django.conf import settings
from django.db import transaction

from inbox.visibility import CaseSnapshot

logger = logging.getLogger(__name__)
#: A broker has numbered databases, but what is published there is heard in all of them.
_PREFIX = f"horseshoe:{urlsplit(settings.REDIS_URL).path.strip('/') or 0}"
CASES_CHANNEL = f"{_PREFIX}:cases"
#: Who has been told something, and who watches other cases than before, as lists of their ids.
NOTICES_CHANNEL, WATCHES_CHANNEL = f"{_PREFIX}:notices", f"{_PREFIX}:watches"


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that is new or different, with just what decides who may hear of it."""

    case_id: int
    department_id: int
    brand_account_id: int
    visibility: str
    #: The department that had it before, when the change moved it.
    from_department_id: int | None = None

    def before_move(self) -> CaseSnapshot | None:
        """Return the case as it was in the department that had it before; None when it was not moved."""
        if self.from_department_id is None:
            return None
        return CaseSnapshot(self.from_department_id, self.brand_account_id, self.visibility)


@functools.cache
def _redis_client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)


def publish_cases_on_commit(changes: Iterable[CaseChange]) -> None:
    """Tell open pages of `changes` once the running transaction has committed; at once outside of one."""
    batch = list(changes)
    if batch:
        transaction.on_commit(lambda: publish_cases(batch), robust=True)


def publish_cases(changes: list[CaseChange]) -> None:
    """Tell open pages now. A broker that is away is logged, never raised: pages also poll."""
    payload = orjson.dumps(
        [
            [c.case_id, c.department_id, c.brand_account_id, c.visibility, c.from_department_id]
            for c in changes
        ]
    )
    _publish_payload(CASES_CHANNEL, payload)


def publish_notices_on_commit(user_ids: Iterable[int]) -> None:
    """Tell the open pages of these people that their notices changed, once the running transaction has committed."""
    payload = orjson.dumps(list(user_ids))
    transaction.on_commit(lambda: _publish_payload(NOTICES_CHANNEL, payload), robust=True)


def publish_watches_on_commit(user_ids: Iterable[int]) -> None:
    """Have the streams of these people look again which cases they watch, once the running transaction has committed."""
    payload = orjson.dumps(list(user_ids))
    transaction.on_commit(lambda: _publish_payload(WATCHES_CHANNEL, payload), robust=True)


def _publish_payload(channel: str, payload: bytes) -> None:
    try:
        _redis_client().publish(channel, payload)
    except redis.RedisError as error:
        logger.warning("Live update not published: %s", error)
