"""The list of learning items, and what is suggested to become one, formatted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from accounts.brand_accounts.charter import company_day
from accounts.models import User
from inbox.learning_items import rights
from inbox.models import ItemState, LearningItem, RepeatsBy
from inbox.reach_words import describe_reach
from networks.registry import network_label
from reports.behind.selections import Selection
from reports.filters import NO_FILTERS
from reports.measures.learning_items import Linked, measure_links
from reports.periods import last_weeks
from reports.topics.choosing import Topic, choose_topics
from wording.numbers import NO_VALUE, format_count
from wording.times import company_zone, relative_time, short_date_with_year

PAGE_LENGTH = 50
#: Weeks in which something has to rise, and suggestions on the page.
RISING_WEEKS, MOST_SUGGESTED = 4, 5
#: What the list shows: label, and the states of its items; None for all.
VIEWS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "open": ("Open", (ItemState.COLLECTING, ItemState.WITH_OWNER, ItemState.DECIDED)),
    "collecting": ("Collecting", (ItemState.COLLECTING,)),
    "with_owner": ("With the owner", (ItemState.WITH_OWNER,)),
    "decided": ("Decided", (ItemState.DECIDED,)),
    "shipped": ("Shipped", (ItemState.SHIPPED,)),
    "told": ("Customers told", (ItemState.TOLD,)),
    "all": ("All", None),
}
#: The tone of a state's chip.
TONES: dict[str, str] = {ItemState.WITH_OWNER: "risk", ItemState.SHIPPED: "ok", ItemState.TOLD: "ok"}


@dataclass(frozen=True, slots=True)
class SuggestedItem:
    """Describe what more customers say than before: a title, the tag or words by which it was found, and its cases.

    `cases` and `rest` are a sentence whose beginning opens the cases at `href`.
    """

    title: str
    repeats_by: str
    repeats_of: str
    cases: str
    rest: str
    href: str

    @property
    def as_query(self) -> str:
        """The query of the address at which it is proposed."""
        typed = {"title": self.title, "repeats_by": self.repeats_by, "repeats_of": self.repeats_of}
        return urlencode(typed | {"link_found": "on"})


def list_items() -> QuerySet[LearningItem]:
    """Return the items that were not merged, the last changed first."""
    items = LearningItem.objects.filter(merged_into__isnull=True).select_related("department", "owner")
    return items.order_by("-changed_at", "-pk")


def list_context(user: User, view: str, page: int, now: dt.datetime) -> dict[str, Any]:
    """Build the context of the list. Four statements."""
    view = view if view in VIEWS else "open"
    states = VIEWS[view][1]
    items = list_items()
    counts: dict[str, int] = {}
    for state in items.order_by().values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    chosen = items.filter(state__in=states) if states else items
    first = page * PAGE_LENGTH
    shown = list(chosen[first : first + PAGE_LENGTH + 1])
    linked = measure_links(user, [item.pk for item in shown])
    address = reverse("reports:learning_items")
    return {
        "views": [
            (name, label, sum(counts.get(each, 0) for each in of) if of else sum(counts.values()))
            for name, (label, of) in VIEWS.items()
        ],
        "view": view,
        "total": sum(counts.values()),
        "rows": [item_row(item, linked.get(item.pk), now) for item in shown[:PAGE_LENGTH]],
        "next": f"{address}?view={view}&page={page + 1}" if len(shown) > PAGE_LENGTH else "",
        "first": f"{address}?view={view}" if page else "",
        "may_propose": rights.may_link(user) or user.role in rights.DECIDING_ROLES,
        "reach": describe_reach(user),
        "suggestions": list_suggestions(user, now) if rights.may_link(user) else [],
    }


def list_suggestions(user: User, now: dt.datetime) -> list[SuggestedItem]:
    """Return what is rising and no item yet. Four statements."""
    period = last_weeks(RISING_WEEKS, now=now, zone=company_zone())
    rising = choose_topics(user, period, period.preceding(), NO_FILTERS, most=MOST_SUGGESTED).topics
    selection = Selection(user, period, NO_FILTERS, "before", now)
    known_topics = {each.casefold() for each in list_items().values_list("repeats_of", flat=True)}
    return [
        SuggestedItem(
            title=topic.label.removeprefix("#"),
            repeats_by=RepeatsBy.TAG if topic.is_tag else RepeatsBy.WORDS,
            repeats_of=topic.label.removeprefix("#"),
            cases=format_count(topic.now, "case"),
            rest=_compare(topic),
            href=selection.list_href("topic", topic=topic.key),
        )
        for topic in rising
        if topic.rose and topic.label.removeprefix("#").casefold() not in known_topics
    ]


def _compare(topic: Topic) -> str:
    """Return the rest of a sentence, after the number of cases."""
    is_one, label = topic.now == 1, topic.label.removeprefix("#")
    verb = ("has" if is_one else "have") if topic.is_tag else ("says" if is_one else "say")
    statement = f"{verb} the tag “{label}”" if topic.is_tag else f"{verb} “{label}”"
    before = f"{topic.before:,}" if topic.before else "none"
    return f"of the last four weeks {statement}; in the four weeks before it was {before}."


def item_row(item: LearningItem, linked: Linked | None, now: dt.datetime) -> dict[str, Any]:
    """Return an item as a row of the list."""
    late = item.state == ItemState.WITH_OWNER and item.due_on is not None and item.due_on < company_day(now)
    return {
        "item": item,
        "state": item.get_state_display(),
        "decision": item.get_decision_display() if item.decision else "",
        "tone": TONES.get(item.state, ""),
        "owner": item.owner,
        "due": short_date_with_year(item.due_on) if item.due_on else "",
        "late": late,
        "shipped": short_date_with_year(item.shipped_on) if item.shipped_on else "",
        "cases": f"{linked.cases:,}" if linked else "0",
        "customers": f"{linked.customers:,}" if linked else "0",
        "networks": ", ".join(network_label(name) for name in linked.networks) if linked else NO_VALUE,
        "first_seen": relative_time(linked.first_seen, now) if linked else None,
        "last_seen": relative_time(linked.last_seen, now) if linked else None,
    }


def list_csv_rows(user: User) -> Iterator[list[Any]]:
    """Yield the rows of the file of all items."""
    items = list(list_items())
    linked = measure_links(user, [item.pk for item in items])
    for item in items:
        figures = linked.get(item.pk)
        yield [
            item.pk,
            item.title,
            item.get_state_display(),
            item.get_decision_display() if item.decision else "",
            item.reason,
            item.department.name,
            str(item.owner) if item.owner else "",
            item.due_on.isoformat() if item.due_on else "",
            item.shipped_on.isoformat() if item.shipped_on else "",
            figures.cases if figures else 0,
            figures.customers if figures else 0,
            ", ".join(network_label(name) for name in figures.networks) if figures else "",
            figures.first_seen if figures else None,
            figures.last_seen if figures else None,
        ]


#: The header of that file.
LIST_HEADER = (
    *("number", "title", "state", "decision", "reason", "department", "owner", "decision due"),
    *("shipped", "cases", "customers", "networks", "first seen", "last seen"),
)
