"""One change of one case: the row locked, the fields that changed, the events, the version, the live update.

No state change without its history: all code that alters a case uses a `Change`, which saves the case and writes its events
in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Model

from accounts.access import viewer
from accounts.models import Department, User
from inbox.changes import clocks, snoozes, statement
from inbox.changes.refusals import NotAllowed, conflict_with_newest, require_kept
from inbox.live.publish import CaseChange, publish_cases_on_commit
from inbox.models import Case, CaseEvent, Custody, Status, Verb
from routing.service_levels import versions

#: Actions of `accounts.access.ROLES`, worded to complete "Your role does not allow you …".
_ACTION_PHRASES = {
    "claim": "to work on cases",
    "reassign": "to give a colleague's case to somebody else",
    "hand_over": "to hand cases over",
    "publish": "to answer customers",
    "read_notes": "to write notes",
    "link_items": "to link cases to learning items",
    "settle_reply": "to settle unconfirmed answers",
    "approve": "to approve answers",
}


@dataclass(slots=True)
class Change:
    """A locked case and its changes so far. Nothing is written before `save`."""

    case: Case
    #: The person who acts; None when the outbox does.
    by: User | None
    now: dt.datetime
    fields: set[str] = field(default_factory=set)
    events: list[CaseEvent] = field(default_factory=list)
    from_department_id: int | None = None
    #: True when `save` also marks the custody as accepted.
    accepts_custody: bool = False
    #: True when the last event keeps what an undo needs (`inbox.cases.undo`).
    is_undoable: bool = False
    #: True when the clocks were set by hand.
    keeps_clocks: bool = False
    #: The values of the changed fields before.
    before: dict[str, Any] = field(default_factory=dict)

    def set(self, **values: Any) -> None:
        """Change fields of the case, except those that have the value already."""
        for name, value in values.items():
            if (old := getattr(self.case, name)) != value:
                self.before.setdefault(name, old)
                setattr(self.case, name, value)
                self.fields.add(name)

    def record(self, verb: Verb, data: dict[str, Any] | None = None, *, actor: User | None = None) -> None:
        """Add an event. Its actor is the person who acts, unless `actor` is another."""
        event = CaseEvent(case=self.case, at=self.now, verb=verb, actor=actor or self.by, data=data or {})
        self.events.append(event)

    def require_version(self, version: int | None) -> None:
        """Check that the person looked at the present version of the case.

        Raises `Conflict` for another `version`; None skips the check.
        """
        if version is not None and version != self.case.version:
            raise conflict_with_newest(self.case, self.by)

    def accept_custody(self) -> None:
        """Accept the custody when a person of the case's department acts first.

        One statement for such a person, none for others.
        """
        if self.by is None or not self._works_in_department(self.by):
            return
        if statement.mark_custody_accepted(self.case, self.by.pk, self.now):
            self._record_accepted()
        self._open_if_new()

    def accept_custody_on_save(self, *, waits: bool) -> None:
        """Let `save` accept the custody, without a statement of its own.

        For callers who know whether the custody waits to be accepted (`waits`); else like `accept_custody`.
        """
        if self.by is None or not self._works_in_department(self.by):
            return
        if waits:
            self.accepts_custody = True
            self._record_accepted()
        self._open_if_new()

    def _works_in_department(self, by: User) -> bool:
        return self.case.department_id in viewer(by).department_ids

    def _record_accepted(self) -> None:
        self.record(Verb.ACCEPTED, {"department": self.case.department.name})

    def _open_if_new(self) -> None:
        if self.case.status == Status.NEW:
            self.set(status=Status.OPEN)

    def was_with(self, department: Department) -> bool:
        """Return whether a department has or had the case. One statement."""
        return Custody.objects.filter(case=self.case, department=department).exists()

    def begin_custody(
        self, department: Department, reason: str, *, wrong_department: bool, routed: bool
    ) -> Custody:
        """Begin the custody of `department`, once the one before has ended. One statement."""
        begun = self.build_custody(department, reason, wrong_department=wrong_department, routed=routed)
        begun.save(force_insert=True)
        return begun

    def build_custody(
        self, department: Department, reason: str, *, wrong_department: bool, routed: bool
    ) -> Custody:
        """Build the custody that begins now. Nothing is saved."""
        return Custody(
            case=self.case,
            department=department,
            from_department_id=self.case.department_id,
            sent_at=self.now,
            reason=reason,
            wrong_department=wrong_department,
            routed=routed,
            sent_by=self.by,
        )

    def end_custody(self) -> None:
        """End the current custody. One statement."""
        Custody.objects.filter(case=self.case, left_at__isnull=True).update(left_at=self.now)

    def resume_custody(self) -> None:
        """Resume the custody that ended when the case was closed. Two statements."""
        last = Custody.objects.filter(case=self.case).order_by("-sent_at", "-id")[:1]
        Custody.objects.filter(pk__in=list(last.values_list("pk", flat=True))).update(left_at=None)

    def save(self) -> None:
        """Write the changes under the next version, in one statement.

        Without changes nothing is written.
        """
        if self.advance_version():
            accepted = (self.by.pk, self.now) if self.accepts_custody and self.by is not None else None
            statement.write_case_change(self.case, [*self.fields, "version"], self.events, accepted)
            publish_cases_on_commit([self.as_case_change()])

    def advance_version(self) -> bool:
        """Increase the version if anything changed. Return whether it did.

        Each event stores the version that it created: people who looked at an older version can be shown what is new.
        """
        if not (self.fields or self.events):
            return False
        self._end_snooze()
        if self.fields & clocks.CLOCK_INPUT_FIELDS and not self.keeps_clocks:
            self._set_clocks()
        if self.is_undoable and self.events:
            self.events[-1].data["before"] = self.values_changed()
        self.case.version += 1
        for event in self.events:
            event.data["version"] = self.case.version
        return True

    def _end_snooze(self) -> None:
        """Wake a snoozed case if the change is a reason to.

        Forget why it woke once somebody acts.
        """
        case = self.case
        if case.snoozed_since is None:
            if case.woke and self.by is not None and "woke" not in self.fields:
                self.set(woke="")
        elif case.closed_at is not None:
            self.set(**snoozes.AWAKE, snoozed_by=None)
        elif "snoozed_since" not in self.fields:
            because = snoozes.find_reason_to_wake(case, self.fields, self.events)
            if because is not None:
                self.set(**snoozes.AWAKE, woke=because)
                event = CaseEvent(case=case, at=self.now, verb=Verb.WOKEN, data={"because": because})
                self.events.insert(0, event)

    def values_changed(self) -> dict[str, list[Any]]:
        """Return each changed column's value before and after, as JSON keeps them."""
        return {
            _column_name(name): [_as_json(old), _as_json(getattr(self.case, name))]
            for name, old in self.before.items()
        }

    def _set_clocks(self) -> None:
        case, is_switched = self.case, "closed_at" in self.fields
        values, ended = clocks.compute_clock_values(
            case,
            case.network,
            versions.live_service_levels(),
            self.now,
            just_closed=is_switched and case.closed_at is not None,
            just_reopened=is_switched and case.closed_at is None,
        )
        self.set(**values)
        if ended and self.events:
            self.events[-1].data["clocks"] = ended

    def as_case_change(self) -> CaseChange:
        """Return the message for open pages."""
        case = self.case
        return CaseChange(
            case.pk, case.department_id, case.brand_account_id, case.visibility, self.from_department_id
        )


def _column_name(name: str) -> str:
    return str(Case._meta.get_field(name).attname)  # type: ignore[union-attr]


def _as_json(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value.pk if isinstance(value, Model) else value


def save_changes(changes: Iterable[Change]) -> None:
    """Save many changes in two statements, within the running transaction.

    It does for all what `Change.save` does for one, except accepting custodies.
    """
    changed = [change for change in changes if change.advance_version()]
    if not changed:
        return
    fields = {name for change in changed for name in change.fields} | {"version"}
    Case.objects.bulk_update([change.case for change in changed], sorted(fields))
    CaseEvent.objects.bulk_create([event for change in changed for event in change.events])
    publish_cases_on_commit([change.as_case_change() for change in changed])


@contextmanager
def change_case_as(case_id: int, by: User, action: str, *, now: dt.datetime) -> Iterator[Change]:
    """Lock a case for a person who acts, and save it afterwards.

    One transaction. Raises `Case.DoesNotExist` both when there is no such case and when `by` may not read it, `NotAllowed`
    when the role does not allow `action` (of `accounts.access.ROLES`), `NothingKept` when nothing more is stored in the case.
    """
    with transaction.atomic():
        rows = Case.objects.visible_to(by).select_related("identity")
        case = rows.select_for_update(of=("self",), no_key=True).get(pk=case_id)
        require_permission(by, action)
        require_kept(case, "Nothing was sent." if action == "publish" else "Nothing was saved.")
        change = Change(case, by, now)
        yield change
        change.save()


@contextmanager
def change_case(case_id: int, *, now: dt.datetime, by: User | None = None) -> Iterator[Change]:
    """Lock a case for the outbox, and save it afterwards.

    Within the running transaction, and without asking who may read the case. Raises `Case.DoesNotExist`.
    """
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case_id)
    change = Change(case, by, now)
    yield change
    change.save()


def require_permission(by: User, action: str) -> None:
    """Check that the person's role allows `action`, else raise `NotAllowed`."""
    if not viewer(by).may(action):
        raise NotAllowed(f"Your role does not allow you {_ACTION_PHRASES[action]}.")
