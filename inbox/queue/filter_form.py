"""The form in which filters are chosen: every attribute with its values, those chosen marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.models import BrandAccount, User
from inbox.models import Status
from inbox.queue.filter_words import (
    ANSWER_WORDS,
    DUE_WORDS,
    STREAM_WORDS,
    TONE_WORDS,
    URGENCY_WORDS,
    FilterNames,
    wait_words,
)
from inbox.queue.filters import LONGEST_TAG, LONGEST_TEXT, QueueFilters, ViewKind, statuses_of_view
from inbox.visibility import queue_department_ids, queue_departments
from networks.registry import network_choices
from routing.conditions.sentences import language_name
from routing.models import Priority
from routing.rule_editor.choices import LANGUAGES

#: Waits in minutes, and numbers of followers, that are offered; an address may have others.
WAITS = ("15", "60", "240", "1440", "4320", "10080")
FOLLOWERS = ("1000", "10000", "100000", "1000000")
#: The most people to choose from.
MOST_PEOPLE = 300


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """One value that may be chosen."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FilterField:
    """One attribute of the form: `choices` to tick or, with `is_single`, to choose one of; else words to type."""

    name: str
    label: str
    choices: list[FilterChoice] = field(default_factory=list)
    is_single: bool = False
    text: str = ""
    advice: str = ""
    longest: int = 0

    @property
    def is_set(self) -> bool:
        """True when the filter narrows the list now."""
        return bool(self.text) or any(choice.is_chosen and choice.value for choice in self.choices)


def names_for(filters: QueueFilters, brands: Iterable[BrandAccount], user: User) -> FilterNames:
    """Return the names of what the filters have ids for.

    One statement where a filter names other people, else none.
    """
    ids = [int(value) for value in filters.assignee if value.isdigit() and value != str(user.pk)]
    people = [user, *User.objects.filter(pk__in=ids)] if ids else [user]
    return FilterNames(
        brands={brand.pk: str(brand) for brand in brands},
        departments={department.pk: department.name for department in queue_departments(user)},
        people={person.pk: str(person) for person in people},
    )


def build_filter_form(
    filters: QueueFilters, kind: ViewKind, brands: Iterable[BrandAccount], user: User
) -> list[FilterField]:
    """Return the fields of the form, in their order. One statement."""
    form = _Form(filters)
    fields = [
        form.several("status", "Status", _statuses(kind)),
        form.several("department", "Department", _departments(user)) if kind != "department" else None,
        form.several("assignee", "Assigned to", _people(user))
        if kind not in ("mine", "unassigned")
        else None,
        form.single("answer", "Answer", ANSWER_WORDS.items()),
        form.single("due", "Due", DUE_WORDS.items()),
        form.single("waiting", "Waiting for over", ((minutes, wait_words(minutes)) for minutes in WAITS)),
        form.several("priority", "Priority", ((str(level.value), str(level.label)) for level in Priority)),
        form.several("tone", "Tone", TONE_WORDS.items()),
        form.several("urgency", "Urgency", URGENCY_WORDS.items()),
        form.several("language", "Language", ((code, language_name(code)) for code in LANGUAGES)),
        form.several("network", "Network", network_choices()),
        form.several("brand", "Account", ((str(brand.pk), str(brand)) for brand in brands)),
        form.single("stream", "Stream", STREAM_WORDS.items()),
        form.single("media", "Pictures and files", [("yes", "with pictures or files")]),
        form.words("tag", "Tags", "Any of these, with commas between them"),
        form.single("followers", "Followers", ((each, f"{int(each):,} or more") for each in FOLLOWERS)),
        form.words("customer_tag", "Customer’s tags", "Any of these, with commas between them"),
        form.words("text", "Text", "Words, “a phrase”, -without"),
    ]
    return [each for each in fields if each is not None]


@dataclass(frozen=True, slots=True)
class _Form:
    filters: QueueFilters

    def several(self, name: str, label: str, options: Iterable[tuple[str, str]]) -> FilterField:
        """Return a field of which several values may be ticked."""
        chosen = getattr(self.filters, name)
        offered = dict(options)
        offered |= {value: value for value in chosen if value not in offered}
        return FilterField(name, label, [FilterChoice(*each, each[0] in chosen) for each in offered.items()])

    def single(self, name: str, label: str, options: Iterable[tuple[str, str]]) -> FilterField:
        """Return a field of which one value may be chosen."""
        chosen, offered = getattr(self.filters, name), {"": "any", **dict(options)}
        if chosen not in offered:
            offered[chosen] = wait_words(chosen) if name == "waiting" else chosen
        choices = [FilterChoice(*each, each[0] == chosen) for each in offered.items()]
        return FilterField(name, label, choices, is_single=True)

    def words(self, name: str, label: str, advice: str) -> FilterField:
        """Return a field of words to type."""
        value = getattr(self.filters, name)
        text = value if isinstance(value, str) else ", ".join(value)
        longest = LONGEST_TEXT if isinstance(value, str) else LONGEST_TAG * 4
        return FilterField(name, label, text=text, advice=advice, longest=longest)


def _statuses(kind: ViewKind) -> list[tuple[str, str]]:
    return [(Status(each).value, str(Status(each).label)) for each in statuses_of_view(kind)]


def _departments(user: User) -> list[tuple[str, str]]:
    return [(str(department.pk), department.name) for department in queue_departments(user)]


def _people(user: User) -> list[tuple[str, str]]:
    """Return who may have cases of the user's departments."""
    people = User.objects.filter(is_active=True, memberships__department__in=queue_department_ids(user))
    rows = people.distinct().order_by("first_name", "last_name", "username")[:MOST_PEOPLE]
    return [
        ("me", "me"),
        ("nobody", "nobody"),
        *((str(person.pk), str(person)) for person in rows if person.pk != user.pk),
    ]
