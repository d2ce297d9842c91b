"""Publish versions of the service levels, compile them, and read the live one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, User
from postgres.locks import AdvisoryLock, take_lock
from routing.business_hours.history import VersionedCalendar, compile_history
from routing.live_version import CompiledVersions, LiveVersion
from routing.models import Calendar, CalendarVersion, SLAPolicy, SLAVersion
from routing.service_levels.policies import CLOCKS, ClockName, Policy, ServiceLevels, Step

#: The number of compiled versions in the cache: the live one and those that cases still refer to.
MAX_COMPILED_VERSIONS = 8

NO_SERVICE_LEVELS = ServiceLevels(0, ())


def service_levels_snapshot() -> dict[str, Any]:
    """Return the enabled policies and all calendars, as JSON.

    Policies are in order; calendars have all their versions.
    """
    calendars = [
        {
            "id": calendar.pk,
            "name": calendar.name,
            "versions": [_version_content(version) for version in calendar.versions.all()],
        }
        for calendar in Calendar.objects.prefetch_related("versions")
    ]
    policies = SLAPolicy.objects.filter(enabled=True).select_related("department")
    return {"calendars": calendars, "policies": [_policy_content(policy) for policy in policies]}


def _version_content(version: CalendarVersion) -> dict[str, Any]:
    since = version.in_force_from
    return {
        "number": version.number,
        "from": since.isoformat() if since else None,
        "content": version.content,
    }


def _policy_content(policy: SLAPolicy) -> dict[str, Any]:
    return {
        "key": str(policy.key),
        "name": policy.name,
        "department": policy.department_id,
        "department_name": policy.department.name if policy.department else "",
        "priority": policy.priority,
        "network": policy.network,
        "calendar": policy.calendar_id,
        "targets": {name: minutes for name in CLOCKS if (minutes := getattr(policy, f"{name}_minutes"))},
        "warning_percent": policy.warning_percent,
        "warning_minutes": policy.warning_minutes,
        "steps": policy.steps,
    }


def compile_stored_calendar(versions: Iterable[CalendarVersion]) -> VersionedCalendar:
    """Compile a calendar from its stored versions, at least one."""
    return compile_history([_version_content(version) for version in versions])


def compile_service_levels(content: Mapping[str, Any], number: int) -> ServiceLevels:
    """Compile a snapshot of `service_levels_snapshot` as version `number`.

    Raises `routing.business_hours.calendar.CalendarError` when a calendar is invalid.
    """
    calendars = {
        calendar["id"]: compile_history(calendar["versions"])
        for calendar in content["calendars"]
        if calendar["versions"]
    }
    names = {calendar["id"]: calendar["name"] for calendar in content["calendars"]}
    policies = tuple(
        _compile_policy(policy, calendars[policy["calendar"]], names[policy["calendar"]])
        for policy in content["policies"]
    )
    return ServiceLevels(number, policies, calendars)


def _compile_policy(content: Mapping[str, Any], calendar: VersionedCalendar, calendar_name: str) -> Policy:
    minutes, targets = content["warning_minutes"], content["targets"]
    return Policy(
        key=content["key"],
        name=content["name"],
        calendar=calendar,
        calendar_name=calendar_name,
        targets={name: dt.timedelta(minutes=targets[name]) for name in CLOCKS if name in targets},
        department_id=content["department"],
        priority=content["priority"],
        network=content["network"],
        warning=content["warning_percent"] / 100 if minutes is None else dt.timedelta(minutes=minutes),
        steps=tuple(compile_step(step) for step in content["steps"]),
    )


def compile_step(content: Mapping[str, Any]) -> Step:
    """Compile one escalation step from JSON.

    `content` is `{"after": minutes, "clock": …, "notify": […], "raise": bool, "move_to": slug}`.
    """
    clock: ClockName | None = content.get("clock") or None
    return Step(
        after=dt.timedelta(minutes=content["after"]),
        clock=clock or "",
        notify=tuple(content.get("notify", ())),
        raise_priority=bool(content.get("raise")),
        move_to=content.get("move_to", ""),
        number=content.get("number") or 0,
    )


def _lock_publishing() -> None:
    take_lock(AdvisoryLock.SERVICE_LEVELS)


@contextmanager
def editing_service_levels(by: User | None, note: str, now: dt.datetime) -> Iterator[None]:
    """Publish the block's changes of policies and calendars as one version.

    When the block or the publishing raises, nothing is changed.
    """
    with transaction.atomic():
        _lock_publishing()
        yield
        publish_service_levels(by, note, now)


def publish_service_levels(by: User | None, note: str, now: dt.datetime) -> SLAVersion | None:
    """Publish the service levels as a new version, live at once.

    Returns None when nothing has changed. The clocks of open cases are recomputed in the background
    (`inbox.escalation.recompute`). Raises `routing.business_hours.calendar.CalendarError` when a calendar is
    invalid.
    """
    with transaction.atomic():
        _lock_publishing()
        content = service_levels_snapshot()
        latest = SLAVersion.objects.first()
        if latest is not None and latest.snapshot == content:
            return None
        number = latest.number + 1 if latest else 1
        compile_service_levels(content, number)
        version = SLAVersion.objects.create(
            number=number, snapshot=content, note=note[:200], created_at=now, created_by=by
        )
        record_change(
            AuditVerb.LEVELS_PUBLISHED,
            note or "no note",
            compare_values({"Version": latest and latest.number}, {"Version": version.number}),
            by=by,
        )
    clear_service_levels_cache()
    return version


def live_service_levels() -> ServiceLevels:
    """Return the live service levels, by at most one small statement.

    They are at most `LIVE_VERSION_MAX_AGE` seconds old; `NO_SERVICE_LEVELS` before the first version.
    """
    return _live_service_levels.get()


def service_levels_of_version(pk: int | None) -> ServiceLevels:
    """Return the service levels of the version with this primary key.

    Compiled once per process; `NO_SERVICE_LEVELS` for None.
    """
    return NO_SERVICE_LEVELS if pk is None else _compiled_service_levels.get(pk)


def service_levels_by_number(number: int | None) -> ServiceLevels:
    """Return the service levels of the version with this number.

    Cases store the number of their version. `NO_SERVICE_LEVELS` for None, 0 and a version that no longer
    exists.
    """
    if not number:
        return NO_SERVICE_LEVELS
    compiled = next(
        (version for version in _compiled_service_levels.values() if version.number == number), None
    )
    return compiled or service_levels_of_version(
        SLAVersion.objects.filter(number=number).values_list("pk", flat=True).first()
    )


def clear_service_levels_cache() -> None:
    """Clear the live and the compiled versions that this process caches."""
    _live_service_levels.clear()
    _compiled_service_levels.clear()


def _read_live_service_levels() -> ServiceLevels:
    return service_levels_of_version(
        SLAVersion.objects.order_by("-number").values_list("pk", flat=True).first()
    )


def _compile_version(pk: int) -> ServiceLevels:
    version = SLAVersion.objects.get(pk=pk)
    return compile_service_levels(version.snapshot, version.number)


_compiled_service_levels = CompiledVersions(_compile_version, MAX_COMPILED_VERSIONS)
_live_service_levels = LiveVersion(_read_live_service_levels)
