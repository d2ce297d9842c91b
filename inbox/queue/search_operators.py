"""Operators of a search as conditions of cases and messages, and what cannot be understood of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TypeVar

from django.db.models import Q

from accounts.models import BrandAccount, Department, User
from inbox.cases.reading_words import language_names
from inbox.models import Direction, Identity, Status
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.operators import Operator
from inbox.search_words.query import parse_search
from inbox.visibility import Visibility
from networks.registry import CONNECTORS, network_label
from wording.times import display_zone, to_display_zone

V = TypeVar("V")
#: Values that are offered where the one typed is unknown.
_MOST_OFFERED = 6


class UnknownValueError(Exception):
    """A value that its operator does not know. Its text says so to the person."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Hold what operators ask for. `cases` and `messages` are conditions of rows; `problems` say what is not understood."""

    cases: Q
    messages: Q
    problems: tuple[str, ...] = ()

    @property
    def narrows_messages(self) -> bool:
        """True when messages are asked for, not only cases."""
        return bool(self.messages)


def read_operators(operators: Iterable[Operator], user: User, now: dt.datetime) -> Narrowing:
    """Return what operators ask for.

    Values of the same operator are alternatives; those of `is`, `before` and `since`, and what is left out, hold together.
    At most three statements, which look names up.
    """
    cases, messages, problems = Q(), Q(), []
    alternatives: dict[str, Q] = {}
    for operator in operators:
        try:
            if (of_message := _read_of_message(operator, now)) is not None:
                messages &= of_message
                continue
            condition = _CASE_CONDITIONS[operator.name](operator.value, user, now)
        except UnknownValueError as problem:
            problems.append(str(problem))
            continue
        if operator.without:
            cases &= ~condition
        elif operator.name == "is":
            cases &= condition
        else:
            alternatives[operator.name] = alternatives.get(operator.name, Q()) | condition
    for condition in alternatives.values():
        cases &= condition
    return Narrowing(cases, messages, tuple(problems))


def _read_of_message(operator: Operator, now: dt.datetime) -> Q | None:
    """Return a condition of messages, None for cases.

    Without a negation, which for the messages of a case would mean that it has none.
    """
    name, value, without = operator.name, operator.value.lower(), operator.without
    if name in ("before", "since"):
        step = "lt" if (name == "before") != without else "gte"
        return Q(**{f"network_time__{step}": _read_day(value, now)})
    if name == "is" and value in ("answer", "message"):
        ours = (value == "answer") != without
        return Q(direction=Direction.OUTBOUND if ours else Direction.INBOUND)
    if name == "lang":
        code = _choose("language", value, _languages())
        return Q(language__lt=code) | Q(language__gt=code) if without else Q(language=code)
    return None


def _from_customer(value: str, _user: User, _now: dt.datetime) -> Q:
    handle = value.removeprefix("@")
    people = Identity.objects.filter(handle__iexact=handle)
    if words := parse_search(f'"{handle}"').as_tsquery():
        people = Identity.objects.filter(Q(handle__iexact=handle) | Q(search=LexemeQuery(words)))
    return Q(identity__in=people)


def _on_network(value: str, _user: User, _now: dt.datetime) -> Q:
    by_name = {name: name for name in CONNECTORS} | {network_label(name).lower(): name for name in CONNECTORS}
    return Q(network=_choose("network", value, by_name))


def _on_account(value: str, _user: User, _now: dt.datetime) -> Q:
    handle = value.removeprefix("@").lower()
    accounts = [
        (pk, brand.lower()) for pk, brand in BrandAccount.objects.order_by("pk").values_list("pk", "handle")
    ]
    _choose("account", handle, {brand: brand for _, brand in accounts})
    return Q(brand_account_id__in=[pk for pk, brand in accounts if brand == handle])


def _in_department(value: str, _user: User, _now: dt.datetime) -> Q:
    by_name: dict[str, int] = {}
    for pk, slug, name in Department.objects.values_list("pk", "slug", "name"):
        by_name |= {slug: pk, name.lower(): pk}
    return Q(department_id=_choose("department", value, by_name))


def _assigned_to(value: str, user: User, _now: dt.datetime) -> Q:
    if value.lower() in ("nobody", "none"):
        return Q(assignee=None)
    by_name: dict[str, set[int]] = {}
    columns = ("pk", "username", "initials", "first_name", "last_name")
    for pk, username, initials, first, last in User.objects.values_list(*columns):
        for name in {username, initials, f"{first} {last}".strip(), first} - {""}:
            by_name.setdefault(name.lower(), set()).add(pk)
    by_name["me"] = {user.pk}
    return Q(assignee_id__in=_choose("person", value.removeprefix("@"), by_name))


def has_tag(tag: str) -> Q:
    """Return the condition that a case has a tag.

    As typed or in lower case.
    """
    return Q(tags__contains=[tag]) | Q(tags__contains=[tag.lower()])


def _with_tag(value: str, _user: User, _now: dt.datetime) -> Q:
    return has_tag(value.removeprefix("#"))


def _in_state(value: str, user: User, now: dt.datetime) -> Q:
    return _choose("state", value, _STATES)(user, now)


def _with_status(status: Status, _user: User, _now: dt.datetime) -> Q:
    return Q(status=status)


_STATES: dict[str, Callable[[User, dt.datetime], Q]] = {
    "open": lambda _user, _now: Q(closed_at=None),
    "closed": lambda _user, _now: Q(closed_at__isnull=False),
    **{each: partial(_with_status, each) for each in Status if each != Status.OPEN},
    "unassigned": lambda _user, _now: Q(assignee=None),
    "mine": lambda user, _now: Q(assignee_id=user.pk),
    "public": lambda _user, _now: Q(visibility=Visibility.PUBLIC),
    "direct": lambda _user, _now: Q(visibility=Visibility.DIRECT),
    "unanswered": lambda _user, _now: Q(closed_at=None, exchange_from__isnull=False),
    "overdue": lambda _user, now: Q(closed_at=None, next_due_at__lt=now),
    "urgent": lambda _user, _now: Q(priority__gt=0),
    "snoozed": lambda _user, _now: Q(closed_at=None, snoozed_since__isnull=False),
    "reopened": lambda _user, _now: Q(reopen_count__gt=0),
}
_CASE_CONDITIONS: dict[str, Callable[[str, User, dt.datetime], Q]] = {
    "from": _from_customer,
    "network": _on_network,
    "account": _on_account,
    "dept": _in_department,
    "assignee": _assigned_to,
    "tag": _with_tag,
    "is": _in_state,
}


def _languages() -> dict[str, str]:
    names = language_names()
    return {code.lower(): code for code in names} | {name.lower(): code for code, name in names.items()}


def _choose(what: str, value: str, by_name: dict[str, V]) -> V:
    """Return what a value stands for.

    Raises `UnknownValueError` with the nearest ones.
    """
    wanted = value.lower()
    if wanted in by_name:
        return by_name[wanted]
    offered = get_close_matches(wanted, by_name, _MOST_OFFERED) or sorted(by_name)[:_MOST_OFFERED]
    raise UnknownValueError(f"There is no {what} “{value}”. Try {', '.join(offered)}.")


def _read_day(value: str, now: dt.datetime) -> dt.datetime:
    """Return the beginning of a day, a month or a year.

    In the reader's time zone: "2026-11-03", "2026-11", "today". Raises `UnknownValueError`.
    """
    today = to_display_zone(now).date()
    named = {"today": today, "yesterday": today - dt.timedelta(days=1)}
    try:
        parts = [int(part) for part in value.split("-")] if value.lower() not in named else []
        day = dt.date(*[*parts, 1, 1][:3]) if parts else named[value.lower()]
        return dt.datetime.combine(day, dt.time(), display_zone()).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError):
        raise UnknownValueError(f"“{value}” is not a day. Try 2026-11-03, 2026-11, today.") from None
