"""Edit calendars and policies. Each function publishes one version, or changes nothing.

All raise `routing.business_hours.calendar.CalendarError` for invalid hours,
`routing.refusals.EditNotPermitted` for what the user may not change, and `Calendar.DoesNotExist` or
`SLAPolicy.DoesNotExist` for missing rows. `now` is the time of the change, UTC. `by` is None for the system,
which may change everything.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from accounts.models import Department, User
from routing.business_hours.calendar import compile_calendar
from routing.models import Calendar, CalendarVersion, Rule, SLAPolicy, SLAVersion
from routing.refusals import EditNotPermitted
from routing.rules import versions
from routing.rules.references import calendar_keys_in
from routing.scope import edit_scope_of
from routing.service_levels.step_numbers import number_steps
from routing.service_levels.versions import editing_service_levels

#: The fields of a policy that people edit, by the model's names; `department` and `calendar` are instances.
POLICY_FIELDS = (
    "name", "enabled", "department", "priority", "network", "calendar", "first_response_minutes",
    "next_response_minutes", "resolution_minutes", "warning_percent", "warning_minutes", "steps",
)  # fmt: skip


class CalendarInUse(Exception):
    """Policies or rules use the calendar. The text is a sentence for people."""


def save_calendar(
    calendar: Calendar | None,
    name: str,
    content: dict[str, Any],
    by: User | None,
    now: dt.datetime,
    *,
    in_force_from: dt.datetime | None = None,
) -> Calendar:
    """Store a new calendar, or the next version of an existing one.

    `calendar` is None for a new one. Without `in_force_from`, new hours are in force from `now` on, and those
    of a new calendar for all time. Unchanged hours make no version.
    """
    compile_calendar(content)
    with editing_service_levels(by, f"Calendar “{name}”", now):
        _require_calendar(calendar, by)
        if calendar is None:
            calendar = Calendar.objects.create(name=name)
            number, since = 1, in_force_from
        else:
            if calendar.name != name:
                Calendar.objects.filter(pk=calendar.pk).update(name=name)
                calendar.name = name
            last = calendar.versions.order_by("-number").first()
            if last is not None and last.content == content and in_force_from is None:
                return calendar
            number, since = (last.number + 1 if last else 1), in_force_from or (now if last else None)
        CalendarVersion.objects.create(
            calendar=calendar,
            number=number,
            content=content,
            in_force_from=since,
            created_at=now,
            created_by=by,
        )
        versions.publish_if_calendars_changed(by, f"Calendar “{name}”", now)
    return calendar


def departments_by_calendar() -> dict[str, set[str | None]]:
    """Return the departments whose policies and rules use each calendar.

    The keys are the calendars' keys as text, the values sets of slugs; None in a set is the whole company.
    Two statements.
    """
    slugs: dict[str, set[str | None]] = {}
    for calendar, slug in SLAPolicy.objects.values_list("calendar", "department__slug"):
        slugs.setdefault(str(calendar), set()).add(slug)
    for condition, slug in Rule.objects.values_list("condition", "department__slug"):
        for key in calendar_keys_in(condition):
            slugs.setdefault(key, set()).add(slug)
    return slugs


def _require_calendar(calendar: Calendar | None, by: User | None) -> None:
    scope = edit_scope_of(by)
    if scope.is_empty:
        raise EditNotPermitted("You may not edit calendars.")
    if calendar is not None and not scope.covers_all(departments_by_calendar().get(str(calendar.pk), ())):
        raise EditNotPermitted(f"Others use “{calendar}”, too: only an administrator can change it.")


def _require_policy(key: uuid.UUID, by: User | None) -> None:
    edit_scope_of(by).require_department(
        SLAPolicy.objects.values_list("department__slug", flat=True).get(key=key)
    )


def delete_calendar(pk: int, by: User | None, now: dt.datetime) -> str:
    """Delete a calendar and return its name.

    Raises `CalendarInUse` while a policy or an enabled rule uses it.
    """
    calendar = Calendar.objects.get(pk=pk)
    with editing_service_levels(by, f"Deleted the calendar “{calendar}”", now):
        _require_calendar(calendar, by)
        policies = [f"“{name}”" for name in calendar.policies.values_list("name", flat=True)]
        if policies:
            raise CalendarInUse(
                f"“{calendar}” is used by {', '.join(policies)}. Give them another calendar first."
            )
        rules = [
            f"“{rule.name}”"
            for rule in Rule.objects.filter(enabled=True)
            if str(pk) in calendar_keys_in(rule.condition)
        ]
        if rules:
            raise CalendarInUse(
                f"“{calendar}” is used by the rules {', '.join(rules[:5])}. Change them first."
            )
        calendar.delete()
    return calendar.name


def save_policy(
    key: uuid.UUID | None, values: Mapping[str, Any], by: User | None, now: dt.datetime
) -> SLAPolicy:
    """Store a new policy, or new content of an existing one.

    `key` is None for a new policy; it goes before the first policy that matches everything. `values` has the
    keys of `POLICY_FIELDS`.
    """
    department: Department | None = values["department"]
    with editing_service_levels(by, f"Policy “{values['name']}”", now):
        edit_scope_of(by).require_department(department.slug if department else None)
        if key is None:
            policy = SLAPolicy(key=uuid.uuid4(), position=_make_room_for_policy())
        else:
            _require_policy(key, by)
            policy = SLAPolicy.objects.get(key=key)
        before = policy.steps
        for name in POLICY_FIELDS:
            setattr(policy, name, values[name])
        policy.steps = number_steps(values["steps"], before)
        policy.save()
        _renumber_policies(list(SLAPolicy.objects.all()))
    return policy


def _make_room_for_policy() -> int:
    policies = list(SLAPolicy.objects.all())
    at = next((place for place, policy in enumerate(policies) if _matches_all(policy)), len(policies))
    for number, policy in enumerate(policies):
        SLAPolicy.objects.filter(pk=policy.pk).update(position=number + (number >= at))
    return at


def _matches_all(policy: SLAPolicy) -> bool:
    return policy.enabled and policy.department_id is None and policy.priority is None and not policy.network


def switch_policy(key: uuid.UUID, enabled: bool, by: User | None, now: dt.datetime) -> SLAPolicy:
    """Switch a policy on or off and return it."""
    policy = SLAPolicy.objects.get(key=key)
    with editing_service_levels(by, f"Switched {'on' if enabled else 'off'} “{policy}”", now):
        _require_policy(key, by)
        SLAPolicy.objects.filter(key=key).update(enabled=enabled)
    return policy


def move_policy(key: uuid.UUID, step: int, by: User | None, now: dt.datetime) -> SLAPolicy:
    """Move a policy `step` places down (up when negative) and return it.

    It stops at the ends of the list. A department's policy affects only its own cases, so its manager may
    choose its place.
    """
    policy = SLAPolicy.objects.get(key=key)
    with editing_service_levels(by, f"Moved “{policy}”", now):
        _require_policy(key, by)
        policies = list(SLAPolicy.objects.all())
        place = next(at for at, each in enumerate(policies) if each.key == key)
        policies.insert(min(max(place + step, 0), len(policies) - 1), policies.pop(place))
        _renumber_policies(policies)
    return policy


def delete_policy(key: uuid.UUID, by: User | None, now: dt.datetime) -> str:
    """Delete a policy and return its name.

    Its cases get the next policy that matches.
    """
    policy = SLAPolicy.objects.get(key=key)
    with editing_service_levels(by, f"Deleted “{policy}”", now):
        _require_policy(key, by)
        SLAPolicy.objects.filter(key=key).delete()
    return policy.name


def _renumber_policies(policies: list[SLAPolicy]) -> None:
    moved = []
    for position, policy in enumerate(policies):
        if policy.position != position:
            policy.position = position
            moved.append(policy)
    SLAPolicy.objects.bulk_update(moved, ["position"])


def install_starter_service_levels(
    calendars: Mapping[str, dict[str, Any]],
    policies: list[dict[str, Any]],
    departments: Mapping[str, Department],
    by: User | None,
    now: dt.datetime,
) -> SLAVersion | None:
    """Create calendars and policies from plain data, as one version.

    `calendars` are snapshots by name, `policies` have the format of `routing.service_levels.starter`, and
    `departments` are by slug; policies of other departments are left out. The database should have no service
    levels yet.
    """
    with editing_service_levels(by, "Starter policies", now):
        edit_scope_of(by).require_department(None)
        created = {}
        for name, content in calendars.items():
            compile_calendar(content)
            created[name] = Calendar.objects.create(name=name)
            CalendarVersion.objects.create(
                calendar=created[name], number=1, content=content, created_at=now, created_by=by
            )
        applicable = [policy for policy in policies if policy.get("department") in (None, *departments)]
        for position, policy in enumerate(applicable):
            department = departments[policy["department"]] if policy.get("department") else None
            fields = {**policy, "calendar": created[policy["calendar"]], "department": department}
            fields["steps"] = number_steps(policy.get("steps", ()))
            SLAPolicy.objects.create(key=uuid.uuid4(), position=position, **fields)
    return SLAVersion.objects.first()
