"""Entries that a person may read, filtered, in pages or all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.access import viewer
from accounts.models import AuditEntry, AuditKind, Role, User
from postgres.paging import decode_cursor, encode_cursor
from wording.times import display_zone

PAGE_LENGTH = 50
_BATCH_LENGTH = 1000


def visible_entries(user: User) -> QuerySet[AuditEntry]:
    """Return the entries that a user may read.

    Administrators read all; managers what concerns their departments, without who signs in when.
    """
    if not viewer(user).may("audit"):
        return AuditEntry.objects.none()
    if user.role == Role.ADMINISTRATOR:
        return AuditEntry.objects.all()
    entries = AuditEntry.objects.filter(department_ids__overlap=sorted(viewer(user).department_ids))
    return entries.exclude(kind=AuditKind.SIGN_IN)


class AuditFilterForm(forms.Form):
    """The filters of the page, in its address."""

    who = forms.ChoiceField(required=False, label="Person")
    kind = forms.ChoiceField(required=False, label="About")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))
    words = forms.CharField(required=False, label="Search", max_length=100)

    def __init__(self, data: Mapping[str, Any], *, by: User) -> None:
        super().__init__(data)
        kinds = [
            choice
            for choice in AuditKind.choices
            if by.role == Role.ADMINISTRATOR or choice[0] != AuditKind.SIGN_IN
        ]
        self.fields["who"].choices = [("", "Everybody"), *_people_choices(by)]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", "Everything"), *kinds]  # type: ignore[attr-defined]

    def narrow(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Return the entries that fit all filters; one that cannot be read is ignored."""
        self.full_clean()
        chosen = self.cleaned_data
        if who := chosen.get("who"):
            entries = entries.filter(Q(actor_id=int(who)) | Q(person_id=int(who)))
        if kind := chosen.get("kind"):
            entries = entries.filter(kind=kind)
        if since := chosen.get("since"):
            entries = entries.filter(at__gte=_start_of_day(since))
        if (until := chosen.get("until")) and until < dt.date.max:
            entries = entries.filter(at__lt=_start_of_day(until + dt.timedelta(days=1)))
        for word in chosen.get("words", "").split()[:5]:
            entries = entries.annotate(changes_text=Cast("changes", TextField())).filter(
                Q(about__icontains=word) | Q(actor_name__icontains=word) | Q(changes_text__icontains=word)
            )
        return entries


def _people_choices(by: User) -> list[tuple[str, str]]:
    people = User.objects.order_by("first_name", "last_name", "username")
    if by.role != Role.ADMINISTRATOR:
        in_reach = Q(departments__in=viewer(by).department_ids) | Q(role=Role.ADMINISTRATOR)
        people = people.filter(in_reach).distinct()
    return [(str(person.pk), str(person)) for person in people]


def _start_of_day(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), display_zone())


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first; `older` is the cursor of the next page, "" on the last."""

    entries: list[AuditEntry]
    older: str


def load_page(entries: QuerySet[AuditEntry], before: str) -> AuditPage:
    """Return the page of entries that are older than the cursor `before`.

    A cursor that cannot be read shows the first page.
    """
    rows = list(_older_than(entries, decode_cursor(before))[: PAGE_LENGTH + 1])
    more = len(rows) > PAGE_LENGTH
    last = rows[PAGE_LENGTH - 1] if more else None
    return AuditPage(rows[:PAGE_LENGTH], encode_cursor(last.at, last.pk) if last else "")


def iterate_entries(entries: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    """Yield all entries, newest first, a batch for each statement."""
    cursor = None
    while batch := list(_older_than(entries, cursor)[:_BATCH_LENGTH]):
        yield from batch
        if len(batch) < _BATCH_LENGTH:
            return
        cursor = batch[-1].at, batch[-1].pk


def _older_than(
    entries: QuerySet[AuditEntry], cursor: tuple[dt.datetime, int] | None
) -> QuerySet[AuditEntry]:
    ordered = entries.order_by("-at", "-id")
    if cursor is None:
        return ordered
    at, pk = cursor
    # Two conditions on `at`, so that the index is entered at the right place.
    return ordered.filter(at__lte=at).exclude(at=at, pk__gte=pk)
