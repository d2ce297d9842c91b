"""Edits of rules, by people and by the system.

An edit changes the person's draft while they have one; otherwise it publishes one version with its author and a note.
An edit that fails changes nothing.

Every edit raises `routing.refusals.RuleSetError` when the changed rules are not valid,
`routing.refusals.EditNotPermitted` when the person may not change the rule, `routing.rules.scope.MayNotOvertake` when
the rule would come before rules of other departments, `routing.rules.scope.ConditionTooWide` when the rule would
match messages of brand accounts that are not the person's (all three are `RuleSetError`s), and `Rule.DoesNotExist`
when the rule is gone. `now` is the time of the change, UTC. `by` is None for the system, which may change everything.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import Department, User
from routing.models import Rule, RuleDraft, RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import edits, versions
from routing.rules.edits import NoSuchRule
from routing.rules.precedence import place_new_rules_below, with_new_rule
from routing.rules.scope import rule_scope_of
from routing.rules.store import OPTIONAL_RULE_FIELDS, build_rules, build_rules_snapshot, replace_rules

JsonDict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleContent:
    """The content of a rule as submitted by its editor. `condition` is a valid tree."""

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

    def serialize(self, key: str) -> JsonDict:
        """Return the rule with this key in the form of a snapshot."""
        rule: JsonDict = {
            "key": key,
            "name": self.name,
            "enabled": self.enabled,
            "condition": self.condition,
            "department": self.department.slug,
            "department_name": self.department.name,
            "priority": self.priority,
            "tags": list(self.tags),
            "needs_answer": self.needs_answer,
        }
        return rule | {name: getattr(self, name) for name in OPTIONAL_RULE_FIELDS if getattr(self, name)}


def apply_rule_edit(
    by: User | None,
    note: str | Callable[[JsonDict], str],
    now: dt.datetime,
    change: Callable[[JsonDict], JsonDict],
    *,
    about: str = "",
) -> JsonDict:
    """Apply a change to the person's draft, or publish it; return the result.

    A lock makes editors wait for each other. `change` takes the content and returns the changed content. `note` may
    be a function of the content before the change. `about` is the key of a rule that the person must be allowed to
    change, even when the change affects no rule of others.
    """
    with transaction.atomic():
        versions.lock_rule_editing()
        draft = RuleDraft.objects.select_for_update().filter(by=by).first() if by else None
        live = build_rules_snapshot()
        before = draft.content if draft else live
        try:
            after = change(before)
        except NoSuchRule as error:
            raise Rule.DoesNotExist(str(error)) from None
        scope = rule_scope_of(by)
        if about:
            scope.require_rule(edits.get_rule_by_key(before, about))
        scope.require_change(before, after, live)
        if draft is not None:
            save_draft_content(draft, after, now)
        else:
            note_text = note if isinstance(note, str) else note(before)
            _replace_rules_or_refuse(after)
            versions.publish_rules(by, note_text, now)
    return after


def save_draft_content(draft: RuleDraft, content: JsonDict, now: dt.datetime) -> None:
    """Replace the content of a draft, whose row must be locked."""
    if content == draft.content:
        return
    draft.content, draft.updated_at = content, now
    draft.revision += 1
    draft.save(update_fields=["content", "updated_at", "revision"])


def _replace_rules_or_refuse(content: JsonDict) -> None:
    try:
        replace_rules(content)
    except KeyError as error:
        raise RuleSetError(f"There is no department {error} any more.") from error


def _edited_rule(content: JsonDict, key: str) -> Rule:
    stored = Rule.objects.select_related("department").filter(key=key).first()
    at = next(at for at, rule in enumerate(content["rules"]) if rule["key"] == key)
    rule = build_rules({"default": None, "rules": [content["rules"][at]]})[0]
    rule.position, rule.pk = at + 1, stored.pk if stored else None
    return rule


def _note_naming_rule(words: str, key: str) -> Callable[[JsonDict], str]:
    return lambda content: words.format(edits.get_rule_by_key(content, key)["name"])


def add_rule(
    content: RuleContent, by: User | None, note: str, now: dt.datetime, *, before: Collection[str] = ()
) -> Rule:
    """Add a rule, right before the first whose key is in `before`.

    Without such a rule it goes where `routing.rules.precedence.with_new_rule` puts it.
    """
    key, covers = str(uuid.uuid4()), rule_scope_of(by).covers
    note = note or f"Added “{content.name}”"

    after = apply_rule_edit(
        by, note, now, lambda rules: with_new_rule(rules, content.serialize(key), covers, before)
    )
    return _edited_rule(after, key)


def change_rule(key: uuid.UUID, content: RuleContent, by: User | None, note: str, now: dt.datetime) -> Rule:
    """Replace the content of a rule and keep its place."""
    note, name = note or f"Changed “{content.name}”", str(key)
    after = apply_rule_edit(
        by, note, now, lambda rules: edits.with_changed_rule(rules, name, content.serialize(name))
    )
    return _edited_rule(after, name)


def switch_rule(key: uuid.UUID, enabled: bool, by: User | None, now: dt.datetime) -> Rule:
    """Switch a rule on or off."""
    note = _note_naming_rule(f"Switched {'on' if enabled else 'off'} “{{}}”", str(key))
    after = apply_rule_edit(by, note, now, lambda rules: edits.with_switched_rule(rules, str(key), enabled))
    return _edited_rule(after, str(key))


def move_rule(
    key: uuid.UUID, by: User | None, now: dt.datetime, *, to: int | None = None, step: int = 0
) -> Rule:
    """Move a rule to place `to`, or by `step` places.

    Places count from 1; a negative `step` moves up. Values out of range are clamped. The other rules keep their
    order.
    """
    note = _note_naming_rule("Moved “{}”", str(key))
    after = apply_rule_edit(
        by, note, now, lambda rules: edits.with_moved_rule(rules, str(key), to=to, step=step), about=str(key)
    )
    return _edited_rule(after, str(key))


def delete_rule(key: uuid.UUID, by: User | None, now: dt.datetime) -> str:
    """Delete a rule and return its name. Older versions keep the rule."""
    names: list[str] = []

    def change(rules: JsonDict) -> JsonDict:
        names.append(edits.get_rule_by_key(rules, str(key))["name"])
        return edits.without_rule(rules, str(key))

    apply_rule_edit(by, _note_naming_rule("Deleted “{}”", str(key)), now, change)
    return names[0]


def duplicate_rule(key: uuid.UUID, by: User | None, now: dt.datetime) -> Rule:
    """Copy a rule; the copy is switched off.

    The copy comes right after the rule, or after the last rule that the person may not change, if that is further
    down.
    """
    keys: list[str] = []

    def change(rules: JsonDict) -> JsonDict:
        after, copy = edits.with_copied_rule(rules, str(key))
        keys.append(copy)
        return place_new_rules_below(rules, after, rule_scope_of(by).covers)

    after = apply_rule_edit(by, _note_naming_rule("Copied “{}”", str(key)), now, change, about=str(key))
    return _edited_rule(after, keys[0])


def restore_rules_version(number: int, by: User | None, now: dt.datetime) -> str:
    """Restore the rules of version `number`; return the outcome as a sentence.

    Restores into the person's draft while they have one, else publishes a new version. Raises the errors of
    `routing.rules.versions.restorable_content` and `apply_rule_edit`.
    """
    note = f"Back to version {number}"
    newest = RuleSetVersion.objects.values_list("number", flat=True).first
    before = newest()
    # The present word lists stay when that version is older than word lists.
    apply_rule_edit(by, note, now, lambda rules: _word_lists_of(rules) | versions.restorable_content(number))
    if by is not None and RuleDraft.objects.filter(by=by).exists():
        return f"The rules of version {number} are in your draft."
    after = newest()
    return f"Version {number} is back, as version {after}." if after != before else "Nothing to change."


def _word_lists_of(content: JsonDict) -> JsonDict:
    return {"word_lists": content["word_lists"]} if "word_lists" in content else {}


def set_default_department(department: Department, by: User | None, now: dt.datetime) -> None:
    """Set the department of messages that no rule matches.

    Raises `RuleSetError` when the department is closed.
    """
    if not department.is_open:
        raise RuleSetError(f"{department.name} is closed. Choose another department.")
    default = {"department": department.slug, "department_name": department.name}
    apply_rule_edit(by, f"Default is {department.name}", now, lambda rules: rules | {"default": default})
