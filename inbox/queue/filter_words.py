"""The filters of a list in one sentence, so that what narrows it is always seen and can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.models import Status
from inbox.queue.filters import QueueFilters, SortOrder, ViewKind, orders_of_view
from networks.registry import network_label
from routing.conditions.sentences import language_name
from routing.models import Priority
from wording.numbers import format_count

#: What the views are called, but for those of departments, which have the department's name.
VIEW_TITLES: dict[str, str] = {
    "open": "All open",
    "unassigned": "Unassigned",
    "mine": "Mine",
    "watching": "Watching",
    "snoozed": "Snoozed",
    "unsent": "Not sent",
    "resolved": "Resolved",
}
ORDER_WORDS: dict[SortOrder, str] = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "due": "Due first",
    "waiting": "Waiting longest",
    "priority": "Most urgent first",
}
#: What a view lists, before its filters.
_BEGINNINGS: dict[ViewKind, str] = {
    "open": "Open cases", "unassigned": "Open cases without an assignee", "mine": "My open cases",
    "watching": "Open cases that I watch", "department": "Open cases of this department",
    "snoozed": "Snoozed cases",
    "unsent": "Cases with an answer that was not sent", "resolved": "Closed cases",
}  # fmt: skip
TONE_WORDS = {"negative": "negative", "neutral": "neutral", "positive": "positive"}
URGENCY_WORDS = {"2": "serious", "1": "pressing", "0": "not pressing"}
ANSWER_WORDS = {"missing": "not answered", "given": "answered"}
DUE_WORDS = {"soon": "due within 2 h", "over": "overdue", "none": "not due at any time"}
STREAM_WORDS = {"public": "in public", "direct": "by direct message"}
ASSIGNEE_WORDS = {"me": "me", "nobody": "nobody"}
#: No more values than this are named, each as a part of its own.
_MOST_NAMED = 2


@dataclass(frozen=True, slots=True)
class SentencePart:
    """A part of the sentence: plain words before it, and what is said of one filter.

    `without` is the query string of the list without that filter. `title` has all values where `words` count them.
    """

    before: str
    words: str = ""
    without: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class FilterNames:
    """Names of what filters only have ids for; what has no name here is said in general."""

    brands: Mapping[int, str] = field(default_factory=dict)
    departments: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)


def list_orders(kind: ViewKind) -> list[tuple[str, str]]:
    """Return the orders to choose from.

    The usual one of the view comes first; [] for a view that has one order only.
    """
    orders = orders_of_view(kind)
    return [(order, ORDER_WORDS[order]) for order in orders] if len(orders) > 1 else []


def describe_order(kind: ViewKind, sort: SortOrder) -> str:
    """Return the order of a list in words."""
    return "Back soonest first" if kind == "snoozed" else ORDER_WORDS[sort]


def wait_words(minutes: str) -> str:
    """Return a wait in words: "45 min", "4 h", "3 days"."""
    number = int(minutes)
    if number % 1440 == 0:
        return format_count(number // 1440, "day")
    return f"{number // 60} h" if number % 60 == 0 else f"{number} min"


def describe_filters(filters: QueueFilters, kind: ViewKind, names: FilterNames) -> list[SentencePart]:
    """Return the filters and the order as one sentence.

    In parts.
    """
    writer = _Writer(filters, names)
    parts = [SentencePart(_BEGINNINGS[kind])]
    parts += writer.several("network", "on", "networks", network_label)
    parts += writer.several("brand", "of", "accounts", writer.brand)
    parts += writer.several("department", "in", "departments", writer.department)
    parts += writer.several("assignee", "assigned to", "people", writer.person)
    parts += writer.several("priority", "of", "priorities", _priority)
    parts += writer.several("language", "in", "languages", language_name)
    parts += writer.several("tag", "tagged", "tags", lambda tag: f"#{tag}")
    parts += writer.single("stream", "", STREAM_WORDS.get)
    parts += writer.single("text", "with the text", lambda text: f"“{text}”")
    parts += writer.single("media", "with", lambda _: "pictures or files")
    parts += writer.single("followers", "from customers with", lambda count: f"{int(count):,}+ followers")
    parts += writer.several("customer_tag", "from customers tagged", "tags", lambda tag: f"#{tag}")
    states = writer.several("status", "", "states", _status) + writer.several(
        "tone", "", "tones", TONE_WORDS.get
    )
    states += writer.several("urgency", "", "levels", URGENCY_WORDS.get)
    states += writer.single("answer", "", ANSWER_WORDS.get) + writer.single("due", "", DUE_WORDS.get)
    states += writer.single("waiting", "", lambda minutes: f"waiting for over {wait_words(minutes)}")
    parts += [
        SentencePart(_joined(part.before, at), part.words, part.without, part.title)
        for at, part in enumerate(states)
    ]
    order = describe_order(kind, filters.sort).lower()
    if filters.sort == filters.usual_sort:
        return [*parts, SentencePart(f", {order}")]
    return [*parts, SentencePart(", ", order, filters.query_string(sort=filters.usual_sort, after=""))]


def _joined(before: str, at: int) -> str:
    """Return what stands before a state: "that are" before the first, "and" before the others.

    Values of one filter stay joined by "or".
    """
    return before if before.strip() == "or" else (" and " if at else " that are ")


@dataclass(frozen=True, slots=True)
class _Writer:
    filters: QueueFilters
    names: FilterNames

    def several(self, name: str, before: str, nouns: str, word: Callable[[str], Any]) -> list[SentencePart]:
        """Return the parts for a filter of several values: each named, or all counted."""
        values: tuple[str, ...] = getattr(self.filters, name)
        words = [str(word(value)) for value in values]
        lead = f" {before} " if before else " "
        if len(values) > _MOST_NAMED:
            title = ", ".join(words)
            return [SentencePart(lead, f"{len(values)} {nouns}", self._without(name, ()), title)]
        return [
            SentencePart(
                " or " if at else lead, words[at], self._without(name, values[:at] + values[at + 1 :])
            )
            for at in range(len(values))
        ]

    def single(self, name: str, before: str, word: Callable[[str], Any]) -> list[SentencePart]:
        """Return the part for a filter of one value, none without one."""
        value: str = getattr(self.filters, name)
        lead = f" {before} " if before else " "
        return [SentencePart(lead, str(word(value)), self._without(name, ""))] if value else []

    def brand(self, value: str) -> str:
        return self.names.brands.get(int(value), "another account")

    def department(self, value: str) -> str:
        return self.names.departments.get(int(value), "another department")

    def person(self, value: str) -> str:
        return ASSIGNEE_WORDS.get(value) or self.names.people.get(int(value), "somebody else")

    def _without(self, name: str, rest: Any) -> str:
        return self.filters.query_string(**{name: rest, "after": ""})


def _priority(value: str) -> str:
    return f"{Priority(int(value)).label.lower()} priority"


def _status(value: str) -> str:
    return str(Status(value).label).lower()
