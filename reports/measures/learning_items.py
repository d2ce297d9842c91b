"""Learning items in numbers: who says it, since when, and how often before and after it shipped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, Max, Min, OuterRef, Q

from accounts.models import User
from inbox.learning_items.linking import MOST_AT_ONCE
from inbox.models import Case, Direction, LearningItem, LearningLink, Message, RepeatsBy
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import phrase_of
from reports.periods import start_of_day
from reports.scopes import reported_cases

#: Days before shipping and after it that are compared.
DAYS = 28
#: Of fewer cases no rate is shown.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Linked:
    """The linked cases of an item that a reader may read; times are the network's of a case's first message."""

    cases: int
    customers: int
    networks: list[str]
    first_seen: dt.datetime
    last_seen: dt.datetime


@dataclass(frozen=True, slots=True)
class Window:
    """Whole days from `first` to `last`, the cases that reached us on them, and those that repeat it."""

    first: dt.date
    last: dt.date
    cases: int
    repeats: int

    @property
    def per_thousand(self) -> float | None:
        """Repeats per 1,000 cases, None of too few cases."""
        return 1000 * self.repeats / self.cases if self.cases >= FEWEST else None


@dataclass(frozen=True, slots=True)
class Repeats:
    """Repeats before and after an item shipped. `days_left` of the days after are still to come."""

    before: Window
    after: Window
    days_left: int


def measure_links(user: User, item_ids: Collection[int]) -> dict[int, Linked]:
    """Count the linked cases of items that `user` may read.

    One statement; items without any are left out.
    """
    links = LearningLink.objects.filter(item__in=item_ids, case__in=Case.objects.visible_to(user))
    rows = links.values_list("item").annotate(
        Count("case"),
        Count("case__customer", distinct=True),
        Min("case__opened_at"),
        Max("case__opened_at"),
        networks=ArrayAgg("case__network", distinct=True, order_by="case__network"),
    )
    return {
        item: Linked(cases, customers, networks, first, last)
        for item, cases, customers, first, last, networks in rows.order_by()
    }


def measure_repeats(user: User, item: LearningItem, *, now: dt.datetime, zone: ZoneInfo) -> Repeats | None:
    """Count repeats in the four weeks before an item shipped and after.

    None for an item that has not shipped. The day of shipping is the first one after. One statement, of the cases
    that reports count and `user` may read, by the day on which they reached us.
    """
    shipped = item.shipped_on
    if shipped is None:
        return None
    day = dt.timedelta(days=1)
    first, end = shipped - DAYS * day, shipped + DAYS * day
    turn = start_of_day(shipped, zone)
    before = Q(created_at__gte=start_of_day(first, zone), created_at__lt=turn)
    after = Q(created_at__gte=turn, created_at__lt=min(start_of_day(end, zone), now))
    cases = reported_cases(user).filter(before | after).annotate(repeats=_says_it(item))
    is_repeat = Q(repeats=True)
    counts = cases.aggregate(
        before=Count("pk", filter=before),
        repeats_before=Count("pk", filter=before & is_repeat),
        after=Count("pk", filter=after),
        repeats_after=Count("pk", filter=after & is_repeat),
    )
    today = now.astimezone(zone).date()
    return Repeats(
        Window(first, shipped - day, counts["before"], counts["repeats_before"]),
        Window(shipped, min(end - day, today), counts["after"], counts["repeats_after"]),
        max((end - today).days, 0),
    )


def find_unlinked(user: User, item: LearningItem, *, now: dt.datetime) -> list[int]:
    """Return the cases of the last four weeks that repeat an item.

    Without those that are linked to it already, the newest first; nothing for an item that counts linked cases. One
    statement.
    """
    if item.repeats_by == RepeatsBy.LINKED:
        return []
    cases = reported_cases(user).filter(_says_it(item), created_at__gte=now - dt.timedelta(days=DAYS))
    linked = LearningLink.objects.filter(case=OuterRef("pk"), item=item)
    newest = cases.exclude(Exists(linked)).order_by("-created_at", "-pk")
    return list(newest.values_list("pk", flat=True)[:MOST_AT_ONCE])


def _says_it(item: LearningItem) -> Exists:
    """Return whether a case repeats what an item is about."""
    if item.repeats_by == RepeatsBy.TAG:
        return Exists(Case.objects.filter(pk=OuterRef("pk"), tags__contains=[item.repeats_of]))
    if item.repeats_by == RepeatsBy.WORDS:
        inbound = Message.objects.filter(case=OuterRef("pk"), direction=Direction.INBOUND)
        words = phrase_of(item.repeats_of)
        if not words.choices:
            return Exists(inbound.none())
        return Exists(inbound.filter(search=LexemeQuery(words.as_tsquery())))
    return Exists(LearningLink.objects.filter(case=OuterRef("pk"), item=item))
