"""Writing entries. Call it in the transaction of the change, so that neither is stored without the other.

Never pass a secret: only named values that the change's page shows as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone

from accounts.audit.source import find_source
from accounts.models import AuditEntry, AuditVerb, User

#: A longer value is cut: the log says that it changed, the page of the thing itself says the rest.
_VALUE_LENGTH = 300


def record_change(
    verb: AuditVerb,
    about: object = "",
    changes: Iterable[Mapping[str, str]] = (),
    *,
    by: User | None = None,
    person: User | None = None,
    department_ids: Iterable[int | None] = (),
) -> None:
    """Write what somebody did.

    `by` is the person who answers for it, by default whoever is signed in. `department_ids` are the departments that
    it concerns. One statement.
    """
    _build_entry(verb, about, changes, by=by, person=person, department_ids=department_ids).save()


def record_about_people(
    verb: AuditVerb, people: Mapping[User, Iterable[int]], *, by: User | None = None
) -> None:
    """Write what somebody did to several people.

    One entry for each, with the departments that it concerns. One statement.
    """
    AuditEntry.objects.bulk_create(
        [
            _build_entry(verb, person, (), by=by, person=person, department_ids=departments)
            for person, departments in people.items()
        ]
    )


def _build_entry(
    verb: AuditVerb,
    about: object,
    changes: Iterable[Mapping[str, str]],
    *,
    by: User | None,
    person: User | None,
    department_ids: Iterable[int | None],
) -> AuditEntry:
    source = find_source()
    actor = by or source.user
    return AuditEntry(
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        actor_name=str(actor or source.name)[:200],
        kind=verb.kind,
        verb=verb,
        about=_as_text(about),
        person_id=person.pk if person else None,
        changes=[dict(change) for change in changes],
        address=source.address,
        department_ids=sorted({pk for pk in department_ids if pk is not None}),
    )


def compare_values(before: Mapping[str, object], after: Mapping[str, object]) -> list[dict[str, str]]:
    """Return what differs, as `changes` of an entry.

    Both map the names that people know to values.
    """
    names = [*before, *(name for name in after if name not in before)]
    values = [(name, _as_text(before.get(name)), _as_text(after.get(name))) for name in names]
    return [{"name": name, "from": old, "to": new} for name, old, new in values if old != new]


def _as_text(value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset)):
        value = ", ".join(sorted(map(str, value)))
    text = str(value)
    return text if len(text) <= _VALUE_LENGTH else f"{text[: _VALUE_LENGTH - 1]}…"
