"""Drafts of rules: begin, compare, update, publish and discard them.

A draft holds the edits of one person. They are published together, merged with what others published meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import User
from routing.models import RuleDraft, RuleSetVersion
from routing.refusals import EditNotPermitted
from routing.rules import versions
from routing.rules.editing import save_draft_content
from routing.rules.edits import without_department_names
from routing.rules.history import describe_ruleset_changes
from routing.rules.merging import Clash, merge_snapshots
from routing.rules.names import load_display_names
from routing.rules.precedence import place_new_rules_below
from routing.rules.scope import rule_scope_of
from routing.rules.store import build_rules_snapshot, replace_rules

JsonDict = dict[str, Any]


class DraftClashError(Exception):
    """Others changed the same rules since the draft began.

    Nothing was published, and the draft is unchanged.
    """

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__("Others have changed the same rules in the meantime.")
        self.clashes = clashes


@dataclass(frozen=True, slots=True)
class DraftStatus:
    """A draft compared with the live rules.

    `lines` describe what publishing would change; `behind` counts the versions published since the draft began.
    """

    draft: RuleDraft
    lines: tuple[str, ...]
    behind: int
    clashes: tuple[Clash, ...]
    merged: JsonDict


def find_rule_draft(user: User) -> RuleDraft | None:
    """Return the person's draft, None when there is none."""
    return RuleDraft.objects.filter(by=user).first()


def begin_rule_draft(by: User, now: dt.datetime) -> RuleDraft:
    """Return the person's draft, a new one when there is none.

    A new draft begins with the live rules. Raises `EditNotPermitted` when the person may not edit rules.
    """
    if rule_scope_of(by).is_empty:
        raise EditNotPermitted("You may not edit rules.")
    with transaction.atomic():
        versions.lock_rule_editing()
        number = RuleSetVersion.objects.values_list("number", flat=True).first() or 0
        values = {"content": build_rules_snapshot(), "based_on": number, "created_at": now, "updated_at": now}
        return RuleDraft.objects.get_or_create(by=by, defaults=values)[0]


def draft_status(draft: RuleDraft, chosen: Mapping[str, str] | None = None) -> DraftStatus:
    """Compare the draft with the live rules.

    Reads the version that the draft is based on, and the rules; writes nothing. `chosen` works as in
    `publish_rule_draft`.
    """
    newest = RuleSetVersion.objects.values_list("number", flat=True).first() or 0
    live = build_rules_snapshot()
    merged, clashes = _merge_with_live(draft, live, chosen)
    same = without_department_names(merged) == without_department_names(live)
    lines = () if same else tuple(describe_ruleset_changes(live, merged, load_display_names()))
    return DraftStatus(draft, lines, max(newest - draft.based_on, 0), tuple(clashes), merged)


def _merge_with_live(
    draft: RuleDraft, live: JsonDict, chosen: Mapping[str, str] | None
) -> tuple[JsonDict, list[Clash]]:
    """Merge the draft with the live rules.

    The draft's new rules are placed below all rules of other departments, even if others moved rules meanwhile.
    """
    version = RuleSetVersion.objects.filter(number=draft.based_on).first()
    merged, clashes = merge_snapshots(version.snapshot if version else live, draft.content, live, chosen)
    return place_new_rules_below(live, merged, rule_scope_of(draft.by).covers), clashes


def publish_rule_draft(
    by: User, note: str, now: dt.datetime, chosen: Mapping[str, str] | None = None
) -> RuleSetVersion | None:
    """Publish the draft, merged with what others published meanwhile, and delete it.

    Returns None when nothing changed. Raises `RuleDraft.DoesNotExist`; `DraftClashError` when others changed the same
    rules and `chosen` ("mine" or "theirs" by key) does not say which side to keep; `EditNotPermitted`,
    `MayNotOvertake` and `ConditionTooWide`; and `RuleSetError` when the rules are not valid.
    """
    with transaction.atomic():
        versions.lock_rule_editing()
        draft = RuleDraft.objects.select_for_update().get(by=by)
        live = build_rules_snapshot()
        merged, clashes = _merge_with_live(draft, live, chosen)
        if clashes:
            raise DraftClashError(clashes)
        rule_scope_of(by).require_change(live, merged)
        versions.require_valid_rules(merged)
        replace_rules(merged)
        version = versions.publish_rules(by, note or "Published a draft", now)
        draft.delete()
    return version


def rebase_rule_draft(by: User, now: dt.datetime, chosen: Mapping[str, str]) -> RuleDraft:
    """Merge what others published into the draft.

    `chosen` works as in `publish_rule_draft`. Raises `RuleDraft.DoesNotExist` and `DraftClashError`.
    """
    with transaction.atomic():
        versions.lock_rule_editing()
        draft = RuleDraft.objects.select_for_update().get(by=by)
        live = build_rules_snapshot()
        merged, clashes = _merge_with_live(draft, live, chosen)
        if clashes:
            raise DraftClashError(clashes)
        save_draft_content(draft, merged, now)
        draft.based_on = RuleSetVersion.objects.values_list("number", flat=True).first() or 0
        draft.save(update_fields=["based_on"])
    return draft


def discard_rule_draft(by: User) -> bool:
    """Delete the draft; return False when there is none."""
    return bool(RuleDraft.objects.filter(by=by).delete()[0])
