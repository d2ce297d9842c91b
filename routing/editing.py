"""What editors do with rules. Each verb publishes one version with its author and a note, or changes nothing.

All raise `routing.engine.RuleSetError` when the rules could not decide afterwards, and `Rule.DoesNotExist` when the
rule is gone. `now` is the time of the change, UTC.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from accounts.models import Department, User
from routing.engine import RuleSetError
from routing.models import RoutingDefault, Rule
from routing.rulesets import EXTRAS, editing

NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Content:
    """What an editor says about one rule. `condition` is a valid tree."""

    name: str
    condition: dict[str, Any]
    department: Department
    enabled: bool = True
    priority: int = 0
    tags: tuple[str, ...] = ()
    needs_answer: bool | None = None
    person: str = ""
    skill: str = ""
    dismiss: bool = False
    playbook_branch: str = ""


def add_rule(content: Content, by: User, note: str, now: dt.datetime) -> Rule:
    """A new rule after all others."""
    with editing(by, note or f"Added “{content.name}”", now):
        last = Rule.objects.order_by("-position").values_list("position", flat=True).first()
        rule = Rule(key=uuid.uuid4(), position=(last or 0) + 1)
        _fill(rule, content)
        rule.save()
    return rule


def change_rule(key: uuid.UUID, content: Content, by: User, note: str, now: dt.datetime) -> Rule:
    """The rule with another content; its place stays."""
    with editing(by, note or f"Changed “{content.name}”", now):
        rule = Rule.objects.get(key=key)
        _fill(rule, content)
        rule.save()
    return rule


def switch_rule(key: uuid.UUID, enabled: bool, by: User, now: dt.datetime) -> Rule:
    """The rule switched on or off."""
    rule = Rule.objects.get(key=key)
    with editing(by, f"Switched {'on' if enabled else 'off'} “{rule.name}”", now):
        Rule.objects.filter(key=key).update(enabled=enabled)
    return rule


def move_rule(key: uuid.UUID, by: User, now: dt.datetime, *, to: int | None = None, step: int = 0) -> Rule:
    """The rule at place `to`, counted from 1, or `step` places further down (up when negative); brought into range.
    The others keep their order."""
    rule = Rule.objects.get(key=key)
    with editing(by, f"Moved “{rule.name}”", now):
        rules = list(Rule.objects.all())
        place = next(at for at, each in enumerate(rules) if each.key == key)
        rule = rules.pop(place)
        wanted = place + step if to is None else to - 1
        rules.insert(min(max(wanted, 0), len(rules)), rule)
        _number(rules)
    return rule


def delete_rule(key: uuid.UUID, by: User, now: dt.datetime) -> str:
    """Removes the rule; older versions keep it. Returns its name."""
    rule = Rule.objects.get(key=key)
    with editing(by, f"Deleted “{rule.name}”", now):
        Rule.objects.filter(key=key).delete()
    return rule.name


def duplicate_rule(key: uuid.UUID, by: User, now: dt.datetime) -> Rule:
    """A copy right after the rule, switched off until someone has edited it."""
    source = Rule.objects.get(key=key)
    name = f"{source.name[: NAME_LENGTH - 7]} (copy)"
    with editing(by, f"Copied “{source.name}”", now):
        copy = Rule(key=uuid.uuid4(), position=source.position)
        _fill(
            copy,
            Content(name, source.condition, source.department, False, source.priority, tuple(source.tags)),
        )
        copy.needs_answer = source.needs_answer
        for name in EXTRAS:
            setattr(copy, name, getattr(source, name))
        copy.save()
        rules = [rule for rule in Rule.objects.all() if rule.pk != copy.pk]
        rules.insert([rule.key for rule in rules].index(source.key) + 1, copy)
        _number(rules)
    return copy


def set_default(department: Department, by: User, now: dt.datetime) -> None:
    """Where messages go when no rule holds."""
    if not department.is_open:
        raise RuleSetError(f"{department.name} is closed. Choose another department.")
    with editing(by, f"Default is {department.name}", now):
        RoutingDefault.objects.all().delete()
        RoutingDefault.objects.create(department=department)


def _fill(rule: Rule, content: Content) -> None:
    rule.name = content.name
    rule.condition = content.condition
    rule.department = content.department
    rule.enabled = content.enabled
    rule.priority = content.priority
    rule.tags = list(content.tags)
    rule.needs_answer = content.needs_answer
    for name in EXTRAS:
        setattr(rule, name, getattr(content, name))


def _number(rules: list[Rule]) -> None:
    moved = []
    for position, rule in enumerate(rules, start=1):
        if rule.position != position:
            rule.position = position
            moved.append(rule)
    Rule.objects.bulk_update(moved, ["position"])
