"""The rules as they are edited, the versions that decide, and the version that is live."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from accounts.models import Department, User
from routing.engine import CompiledRules, RuleSetError, compile_rules, decide
from routing.facts import Decision, Facts
from routing.models import RoutingDefault, Rule, RuleSetVersion
from routing.starter import starter_rules

__all__ = [
    "RuleSetError",
    "compiled",
    "editing",
    "forget",
    "install_starter_rules",
    "live",
    "publish",
    "replay",
    "restore",
    "snapshot",
]

#: What a rule may also do, besides sending to a department.
EXTRAS = ("person", "skill", "dismiss", "playbook_branch")
#: Seconds for which a process goes on with the version it knows before it asks for a newer one.
FRESH_FOR = 1.0
#: Versions kept compiled for replay.
KEPT = 4
#: Any number that nothing else locks with: publishers take turns.
_LOCK = 0x726F7574

_guard = threading.Lock()
_live: tuple[float, int, CompiledRules] | None = None
_replayed: dict[int, CompiledRules] = {}


def snapshot() -> dict[str, Any]:
    """The rules as they are now: `{"default": {"department", "department_name"}, "rules": […]}`, in order.

    A rule is `key, name, enabled, condition, department, department_name, priority, tags, needs_answer`, departments
    as slugs, and those of `person, skill, dismiss, playbook_branch` that it sets. `default` is None when none is set.
    """
    default = RoutingDefault.objects.select_related("department").order_by("pk").first()
    return {
        "default": default
        and {"department": default.department.slug, "department_name": default.department.name},
        "rules": [_plain(rule) for rule in Rule.objects.select_related("department")],
    }


def _plain(rule: Rule) -> dict[str, Any]:
    plain = {
        "key": str(rule.key),
        "name": rule.name,
        "enabled": rule.enabled,
        "condition": rule.condition,
        "department": rule.department.slug,
        "department_name": rule.department.name,
        "priority": rule.priority,
        "tags": rule.tags,
        "needs_answer": rule.needs_answer,
    }
    # What is not set is left out, so that a rule reads in a version as it did before there was such a thing.
    return plain | {name: getattr(rule, name) for name in EXTRAS if getattr(rule, name)}


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


@contextmanager
def editing(by: User | None, note: str, now: dt.datetime) -> Iterator[None]:
    """Rules changed inside are published as one version, or, when that fails, not changed at all.

    Editors take turns, so read the rules inside. Raises what `publish` raises.
    """
    with transaction.atomic():
        _take_turn()
        yield
        publish(by, note, now)


def publish(by: User | None, note: str, now: dt.datetime) -> RuleSetVersion | None:
    """Makes the rules as they are now a new version, which is live at once. None when nothing has changed.

    Raises `RuleSetError` when the rules cannot decide: no default, a bad condition, or a rule that is switched on and
    leads to a closed department.
    """
    with transaction.atomic():
        _take_turn()
        content = snapshot()
        latest = RuleSetVersion.objects.first()
        if latest is not None and latest.snapshot == content:
            return None
        _refuse_closed()
        number = latest.number + 1 if latest else 1
        compile_rules({**content, "version": number})
        version = RuleSetVersion.objects.create(
            number=number, snapshot=content, note=note[:200], created_at=now, created_by=by
        )
    forget()
    return version


def _refuse_closed() -> None:
    rule = Rule.objects.filter(enabled=True, department__is_open=False).select_related("department").first()
    if rule is not None:
        raise RuleSetError(
            f"Rule “{rule.name}” leads to {rule.department.name}, which is closed. Choose another department or "
            "switch the rule off."
        )
    default = RoutingDefault.objects.filter(department__is_open=False).select_related("department").first()
    if default is not None:
        raise RuleSetError(
            f"The default is {default.department.name}, which is closed. Choose another department."
        )


def live() -> CompiledRules:
    """The rules that decide now, at most `FRESH_FOR` seconds old; at most one small statement.

    Raises `RuleSetError` when no version was ever published.
    """
    global _live
    known, at = _live, time.monotonic()
    if known is not None and at - known[0] < FRESH_FOR:
        return known[2]
    newest = RuleSetVersion.objects.order_by("-number").values_list("pk", "number").first()
    if newest is None:
        raise RuleSetError("There are no rules yet: install the starter rules or publish rules of your own.")
    with _guard:
        # By primary key: a number is given again when the transaction that gave it is rolled back.
        if known is None or known[1] != newest[0]:
            known = (at, newest[0], _read(newest[0]))
        _live = (at, known[1], known[2])
    return known[2]


def forget() -> None:
    """Makes this process read the live version again at its next use."""
    global _live
    _live = None
    _replayed.clear()


def _read(pk: int) -> CompiledRules:
    version = RuleSetVersion.objects.get(pk=pk)
    return compile_rules({**version.snapshot, "version": version.number})


def compiled(number: int) -> CompiledRules:
    """Version `number`, for replay. Raises `RuleSetVersion.DoesNotExist`."""
    pk = RuleSetVersion.objects.values_list("pk", flat=True).get(number=number)
    with _guard:
        if pk not in _replayed:
            while len(_replayed) >= KEPT:
                _replayed.pop(next(iter(_replayed)))
            _replayed[pk] = _read(pk)
        return _replayed[pk]


def replay(facts: Facts, number: int) -> Decision:
    """What version `number` decides about these facts: the same as it did then. Raises as `compiled`."""
    return decide(facts, compiled(number))


def install_starter_rules(
    departments_by_slug: Mapping[str, Department], default_slug: str, now: dt.datetime, by: User | None = None
) -> RuleSetVersion | None:
    """Puts the starter rules in place of all rules and publishes them. Rules whose department is not given are left
    out; `default_slug` is where everything else goes.

    Raises `KeyError` when the default is not among the departments.
    """
    with editing(by, "Starter rules", now):
        _replace(starter_rules(), {"department": default_slug}, departments_by_slug)
    return RuleSetVersion.objects.first()


def restore(number: int, by: User | None, now: dt.datetime) -> RuleSetVersion | None:
    """Puts the rules of version `number` back and publishes them as a new version; None when nothing changed.

    Rules that lead to a department that is closed come back switched off. Raises `RuleSetVersion.DoesNotExist`, and
    `RuleSetError` when a department of that version is gone.
    """
    with transaction.atomic():
        _take_turn()
        old = RuleSetVersion.objects.get(number=number).snapshot
        departments = {department.slug: department for department in Department.objects.all()}
        try:
            _replace(old["rules"], old["default"], departments, strict=True)
        except KeyError as error:
            raise RuleSetError(f"Version {number} uses the department {error}, which is gone.") from error
        return publish(by, f"Back to version {number}", now)


def _replace(
    rules: list[dict[str, Any]],
    default: dict[str, Any],
    departments: Mapping[str, Department],
    *,
    strict: bool = False,
) -> None:
    default_department = departments[default["department"]]
    wanted = [rule for rule in rules if strict or rule["department"] in departments]
    Rule.objects.all().delete()
    Rule.objects.bulk_create(
        Rule(
            key=uuid.UUID(rule["key"]),
            position=position,
            name=rule["name"],
            enabled=rule.get("enabled", True) and departments[rule["department"]].is_open,
            condition=rule["condition"],
            department=departments[rule["department"]],
            priority=rule.get("priority", 0),
            tags=rule.get("tags", []),
            needs_answer=rule.get("needs_answer"),
            **{name: rule[name] for name in EXTRAS if name in rule},
        )
        for position, rule in enumerate(wanted, start=1)
    )
    RoutingDefault.objects.all().delete()
    RoutingDefault.objects.create(department=default_department)
