"""Publish what changed to every open page whose reader may see it.

A change is published to Redis when its transaction has committed. Each web process holds one subscription and passes
changes on to the pages that are open there. Of cases only ids are sent; the page reloads through the viewer-scoped
views, so a lost or repeated event is harmless, and a page that lost its stream polls. Who has a case open is sent with
names, to those who may read the case: otherwise every look of one person would make every other page ask.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
import redis
from django.conf import settings
from django.db import transaction

from inbox.live.broker import breaker, client_options
from inbox.visibility import CaseSnapshot

#: Redis has numbered databases, but a message published in one is received in all of them.
KEY_PREFIX = f"horseshoe:{urlsplit(settings.REDIS_URL).path.strip('/') or 0}"
CASES_CHANNEL = f"{KEY_PREFIX}:cases"
#: Both carry lists of users' ids: whose notices changed, and who watches other cases than before.
NOTICES_CHANNEL, WATCHES_CHANNEL = f"{KEY_PREFIX}:notices", f"{KEY_PREFIX}:watches"
#: Who has a case open, and whose draft was stored: with contents, because every page would ask for them otherwise.
PEOPLE_CHANNEL, DRAFTS_CHANNEL = f"{KEY_PREFIX}:people", f"{KEY_PREFIX}:drafts"


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A new or changed case, with the columns that decide who may be notified of it."""

    case_id: int
    department_id: int
    brand_account_id: int
    visibility: str
    #: The department that had it before, when the change moved it.
    from_department_id: int | None = None

    def before_move(self) -> CaseSnapshot | None:
        """Return the case as its previous department had it.

        None when the change did not move it.
        """
        if self.from_department_id is None:
            return None
        return CaseSnapshot(self.from_department_id, self.brand_account_id, self.visibility)


@functools.cache
def redis_client() -> redis.Redis:
    """Return the one client of this process."""
    return redis.Redis.from_url(settings.REDIS_URL, **client_options())


def publish_cases_on_commit(changes: Iterable[CaseChange]) -> None:
    """Publish `changes` once the running transaction has committed.

    At once when no transaction is running; nothing when `changes` is empty.
    """
    batch = list(changes)
    if batch:
        transaction.on_commit(lambda: publish_cases(batch), robust=True)


def publish_cases(changes: list[CaseChange]) -> None:
    """Publish `changes` now.

    A broker that is away is logged and left alone for a moment, never raised: pages also poll.
    """
    payload = orjson.dumps(
        [
            [
                change.case_id,
                change.department_id,
                change.brand_account_id,
                change.visibility,
                change.from_department_id,
            ]
            for change in changes
        ]
    )
    _publish_payload(CASES_CHANNEL, payload)


def publish_notices_on_commit(user_ids: Iterable[int]) -> None:
    """Publish that the notices of these users changed.

    Once the running transaction has committed; at once when none is running.
    """
    payload = orjson.dumps(list(user_ids))
    transaction.on_commit(lambda: _publish_payload(NOTICES_CHANNEL, payload), robust=True)


def publish_watches_on_commit(user_ids: Iterable[int]) -> None:
    """Publish that these users may hear of other cases.

    They watch others than before, or their sessions ended. Once the running transaction has committed; their streams
    then read again what they may hear, if anything.
    """
    payload = orjson.dumps(list(user_ids))
    transaction.on_commit(lambda: _publish_payload(WATCHES_CHANNEL, payload), robust=True)


def publish_people(change: CaseChange, people: Iterable[tuple[int, str, bool, float]]) -> None:
    """Publish who has a case open, to those who may read it."""
    row = [change.case_id, change.department_id, change.brand_account_id, change.visibility, list(people)]
    _publish_payload(PEOPLE_CHANNEL, orjson.dumps(row))


def publish_draft_on_commit(user_id: int, case_id: int, page: str) -> None:
    """Publish that a person's draft was stored, to that person's other pages.

    Once the running transaction has committed. `page` is the name of the page that stored it.
    """
    payload = orjson.dumps([user_id, case_id, page])
    transaction.on_commit(lambda: _publish_payload(DRAFTS_CHANNEL, payload), robust=True)


def _publish_payload(channel: str, payload: bytes) -> None:
    breaker.attempt(lambda: redis_client().publish(channel, payload), lambda: None)
