"""Looks at other people's numbers: each is in the audit log, and the person reads on their own page who looked and when.

A look is whatever shows the work of a named person: their row or page, a list behind it, and any report narrowed to
them, on a page, in a file or in a mail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from accounts.audit.recording import record_about_people
from accounts.models import AuditEntry, AuditVerb, User
from postgres.prepared_querysets import prepared_query
from reports.behind.selections import Selection
from wording.times import relative_time

#: Somebody who looks at the same person again within so long leaves no second entry.
_ONE_ENTRY_FOR = dt.timedelta(hours=12)
#: Entries that a person reads about themselves.
_MOST_SHOWN = 20


def note_looks(selection: Selection, shown_ids: Iterable[int] = ()) -> None:
    """Note at whom a reader looks: `shown_ids`, and the people to whom the selection is narrowed.

    Once in twelve hours for each. No statement when nobody else is shown, else one; three where somebody is noted.
    """
    user = selection.user
    looked_at = {*shown_ids, *selection.filters.person_ids} - {user.pk}
    if not looked_at:
        return
    since = selection.now - _ONE_ENTRY_FOR
    missing = looked_at - set(_select_noted(user.pk, frozenset(looked_at), since))
    if missing:
        people = User.objects.filter(pk__in=missing).prefetch_related("memberships").order_by("pk")
        departments = {
            person: [membership.department_id for membership in person.memberships.all()] for person in people
        }
        record_about_people(AuditVerb.FIGURES_READ, departments, by=user)


@prepared_query
def _select_noted(
    actor_id: int, person_ids: frozenset[int], since: dt.datetime
) -> QuerySet[AuditEntry, int | None]:
    noted = AuditEntry.objects.filter(
        verb=AuditVerb.FIGURES_READ, actor_id=actor_id, person_id__in=person_ids, at__gt=since
    )
    return noted.values_list("person_id", flat=True)


def list_looks(user: User, now: dt.datetime) -> list[dict[str, Any]]:
    """Return who looked at a person's numbers, newest first."""
    return [{"who": name, "at": relative_time(at, now)} for name, at in _select_looks(user.pk)]


@prepared_query
def _select_looks(person_id: int) -> QuerySet[AuditEntry, tuple[str, dt.datetime]]:
    entries = AuditEntry.objects.filter(verb=AuditVerb.FIGURES_READ, person_id=person_id)
    return entries.order_by("-at", "-pk").values_list("actor_name", "at")[:_MOST_SHOWN]
