"""Tell who has which case open, and who writes an answer there.

Kept in Redis alone, and only for as long as a page goes on saying so: a browser that was killed says nothing more and is
forgotten. One hash, a field for each open page, so that nobody's page needs a statement or a key of its own. Without
Redis nobody is known to be anywhere, and nothing is said.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from accounts.models import User
from inbox.live.broker import breaker
from inbox.live.publish import KEY_PREFIX, CaseChange, publish_people, redis_client
from inbox.models import Case
from inbox.visibility import case_scope

_KEY = f"{KEY_PREFIX}:here"
#: Seconds between two signs of one page (static/js/here.js), and after which it counts as gone.
SIGN_EVERY, KEEP = 15, 35
#: Seconds for which this process shows what it has read, in lists.
_READ_EVERY = 1.0
#: Seconds after which Redis drops everything when no page says anything.
_FORGET = 600
#: The people in a case as an event carries them: id, name, whether they write, since when (seconds since 1970).
Row = tuple[int, str, bool, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Say where one open page is. The columns of the case decide who may be told of it."""

    user_id: int
    name: str
    writes: bool
    since: float
    until: float
    case_id: int
    department_id: int
    brand_account_id: int
    visibility: str

    def as_json(self) -> bytes:
        """Return it as it is stored."""
        return orjson.dumps(
            [
                self.user_id,
                self.name,
                self.writes,
                self.since,
                self.until,
                self.case_id,
                self.department_id,
                self.brand_account_id,
                self.visibility,
            ]
        )

    def as_case_change(self) -> CaseChange:
        """Return the case as those who listen are told of it."""
        return CaseChange(self.case_id, self.department_id, self.brand_account_id, self.visibility)


@dataclass(frozen=True, slots=True)
class HereWords:
    """Hold what a row or a case says of the others there; empty for nobody."""

    #: "Wren writes", "Sana is here", "Sana is here +1".
    short: str = ""
    #: Everybody with their full names, for a title.
    title: str = ""
    writes: bool = False


class _Snapshot:
    """Hold what this process has read lately. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = -_READ_EVERY
        self._places: dict[int, list[Place]] = {}

    def read(self, *, fresh: bool) -> dict[int, list[Place]]:
        """Return the pages by case.

        They are read again when they are too old, or asked to be `fresh`.
        """
        now = time.monotonic()
        if fresh or now - self._read_at >= _READ_EVERY:
            places = breaker.attempt(_read_places, _no_places)
            with self._lock:
                self._places, self._read_at = places, now
        return self._places

    def forget(self) -> None:
        """Read again next time."""
        self._read_at = -_READ_EVERY


_snapshot = _Snapshot()
forget_people = _snapshot.forget


def _no_places() -> dict[int, list[Place]]:
    return {}


def _read_places() -> dict[int, list[Place]]:
    """Read every page that gave a sign lately.

    The others are dropped.
    """
    now = time.time()
    by_case: dict[int, list[Place]] = {}
    gone = []
    for page, stored in redis_client().hgetall(_KEY).items():
        place = Place(*orjson.loads(stored))
        if place.until > now:
            by_case.setdefault(place.case_id, []).append(place)
        elif place.until < now - _FORGET / 10:
            gone.append(page)
    if gone:
        redis_client().hdel(_KEY, *gone)
    return by_case


def note_page(user: User, page: str, case: Case | None, *, writes: bool) -> bool:
    """Note that an open page shows `case`, None for none.

    `page` is the page's own name. Whoever may read the case is told, if anything changed. Returns False when Redis is
    away. No statement.
    """
    return breaker.attempt(lambda: _note_page(user, page, case, writes), lambda: False)


def _note_page(user: User, page: str, case: Case | None, writes: bool) -> bool:
    client, field, now = redis_client(), f"{user.pk}:{page}", time.time()
    stored = client.hget(_KEY, field)
    before = Place(*orjson.loads(stored)) if stored else None
    if before is not None and before.until < now:
        before = None
    if case is None:
        client.hdel(_KEY, field)
        if before is not None:
            _publish(before.as_case_change())
        return True
    is_same = before is not None and (before.case_id, before.writes) == (case.pk, writes)
    since = before.since if before is not None and is_same else now
    place = Place(
        user.pk,
        str(user),
        writes,
        since,
        now + KEEP,
        case.pk,
        case.department_id,
        case.brand_account_id,
        case.visibility,
    )
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hset(_KEY, field, place.as_json())
        pipeline.expire(_KEY, _FORGET)
        pipeline.execute()
    if before is not None and before.case_id != case.pk:
        _publish(before.as_case_change())
    if not is_same:
        _publish(place.as_case_change())
    return True


def _publish(case: CaseChange) -> None:
    places = _snapshot.read(fresh=True).get(case.case_id, [])
    publish_people(case, _merge_pages(places))


def _merge_pages(places: Iterable[Place]) -> list[Row]:
    """Return each person once, whoever writes first.

    Since when is that of their longest page.
    """
    people: dict[int, Row] = {}
    for place in sorted(places, key=lambda place: (not place.writes, place.since)):
        people.setdefault(place.user_id, (place.user_id, place.name, place.writes, place.since))
    return list(people.values())


def list_people(case_id: int, *, fresh: bool = False) -> list[Row]:
    """Return who has a case open, those who write first.

    As of a second ago, unless `fresh`. The caller has checked that the reader may read the case.
    """
    return _merge_pages(_snapshot.read(fresh=fresh).get(case_id, ()))


def list_words_for(user: User, case_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return what the rows of these cases say to a user.

    Only of cases that they may read. Cases in which nobody else is are left out. A statement only for cases that the user may read as a watcher.
    """
    places, scope = _snapshot.read(fresh=True), case_scope(user)
    occupied = {case_id: places[case_id] for case_id in case_ids if case_id in places}
    readable = {case_id for case_id, [first, *_] in occupied.items() if scope.includes(first)}
    if others := set(occupied) - readable:
        readable |= set(Case.objects.watched_by(user).filter(pk__in=others).values_list("pk", flat=True))
    words = {case_id: describe_people(_merge_pages(occupied[case_id]), user.pk) for case_id in readable}
    return {case_id: asdict(of_case) for case_id, of_case in words.items() if of_case.short}


def describe_people(people: Iterable[Row], reader_id: int) -> HereWords:
    """Return what a row says of the others in its case."""
    others = [person for person in people if person[0] != reader_id]
    if not others:
        return HereWords()
    _, name, writes, _ = others[0]
    more = f" +{len(others) - 1}" if len(others) > 1 else ""
    short = f"{name.split()[0]} {'writes' if writes else 'is here'}{more}"
    title = ", ".join(
        f"{name} {'is writing an answer' if writes else 'has it open'}" for _, name, writes, _ in others
    )
    return HereWords(short, title, writes)


def describe_writers(people: Iterable[Row], reader_id: int, say_time: Callable[[dt.datetime], str]) -> str:
    """Return who else is writing an answer, and since when.

    "" if nobody is.
    """
    writers = [person for person in people if person[2] and person[0] != reader_id]
    if not writers:
        return ""
    since = say_time(dt.datetime.fromtimestamp(min(person[3] for person in writers), dt.UTC))
    names = [name for _, name, _, _ in writers]
    if len(names) == 1:
        return f"{names[0]} has been writing an answer since {since}."
    return f"{', '.join(names[:-1])} and {names[-1]} have been writing answers since {since}."


def words_of_case(
    case_id: int, reader_id: int, say_time: Callable[[dt.datetime], str]
) -> dict[str, HereWords | str]:
    """Return what a case says of the others in it."""
    people = list_people(case_id, fresh=True)
    return {
        "here": describe_people(people, reader_id),
        "writers": describe_writers(people, reader_id, say_time),
    }
