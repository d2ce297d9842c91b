"""The draft of the playbook, its versions, and the live one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, Department, User
from postgres.locks import AdvisoryLock, take_lock
from routing.models import Playbook, PlaybookVersion
from routing.playbook.checks import check_playbook
from routing.playbook.ownership import objection_to_change, with_own_part
from routing.playbook.tree import Action, PlaybookTree, parse_playbook
from routing.scope import edit_scope_of

#: The number of parsed versions that a process caches.
MAX_CACHED_VERSIONS = 50
_EMPTY_SNAPSHOT: dict[str, Any] = {"start": "", "default": "", "questions": [], "outcomes": []}


class PlaybookError(ValueError):
    """An invalid playbook or edit. The text is for its author."""


class PlaybookEditNotPermitted(PlaybookError):
    """The change affects parts that the user may not change; nothing was changed."""


class StalePlaybookDraft(PlaybookError):
    """Somebody else has changed the draft in the meantime; nothing was changed."""


def _lock_playbook_editing() -> None:
    take_lock(AdvisoryLock.PLAYBOOK)


def live_playbook() -> PlaybookVersion | None:
    """Return the version for new cases, None before the first one. One statement."""
    return PlaybookVersion.objects.order_by("-number").first()


@lru_cache(maxsize=MAX_CACHED_VERSIONS)
def load_playbook_version(pk: int) -> tuple[int, PlaybookTree]:
    """Return number and tree of a version by its primary key.

    Cached, since a version never changes: at most one statement. Raises `PlaybookVersion.DoesNotExist`.
    """
    version = PlaybookVersion.objects.only("number", "snapshot").get(pk=pk)
    return version.number, parse_playbook(version.snapshot)


def playbook_branch_options() -> list[tuple[str, str]]:
    """Return the questions at which a rule may begin the playbook.

    They are all questions of the live version, as (key, text); [] without a live version. One statement.
    """
    version = live_playbook()
    questions = parse_playbook(version.snapshot).questions.values() if version else ()
    return [(question.key, question.text) for question in questions]


def find_playbook_draft() -> Playbook | None:
    """Return the draft, None when there is none. One statement."""
    return Playbook.objects.select_related("changed_by").order_by("pk").first()


def save_playbook_draft(
    snapshot: Mapping[str, Any], revision: int, by: User | None, now: dt.datetime
) -> Playbook:
    """Store `snapshot` as the draft that was read at `revision`.

    `revision` is 0 when there was no draft. `by` is None for the system, which may change everything; `now`
    is UTC. Raises `StalePlaybookDraft` when the draft now has another revision, and
    `PlaybookEditNotPermitted`.
    """
    with transaction.atomic():
        _lock_playbook_editing()
        draft = Playbook.objects.order_by("pk").first()
        if (draft.revision if draft else 0) != revision:
            author = str(draft.changed_by) if draft and draft.changed_by else "Somebody"
            raise StalePlaybookDraft(
                f"{author} changed the draft in the meantime. Look at it as it is now, then make your change again."
            )
        _require_permitted(by, draft.snapshot if draft else _live_snapshot(), snapshot)
        if draft is None:
            return Playbook.objects.create(snapshot=dict(snapshot), changed_at=now, changed_by=by)
        draft.snapshot, draft.revision = dict(snapshot), draft.revision + 1
        draft.changed_at, draft.changed_by = now, by
        draft.save(update_fields=["snapshot", "revision", "changed_at", "changed_by"])
    return draft


def _live_snapshot() -> Mapping[str, Any]:
    version = live_playbook()
    return version.snapshot if version else _EMPTY_SNAPSHOT


def _require_permitted(by: User | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    if objection := objection_to_change(before, after, edit_scope_of(by).covers):
        raise PlaybookEditNotPermitted(objection)


def begin_playbook_draft(by: User | None, now: dt.datetime) -> Playbook:
    """Return the draft; a new one begins as a copy of the live version."""
    if (draft := find_playbook_draft()) is not None:
        return draft
    try:
        return save_playbook_draft(_live_snapshot(), 0, by, now)
    except StalePlaybookDraft:
        return begin_playbook_draft(by, now)


def publish_playbook(by: User | None, note: str, revision: int, now: dt.datetime) -> PlaybookVersion | None:
    """Publish the user's own part of the draft as a new version.

    New cases begin with it at once; changes by others stay in the draft. For an administrator, the own part
    is the whole draft. Returns None when nothing has changed. Raises `StalePlaybookDraft` when the draft no
    longer has `revision`, and `PlaybookError` with all problems.
    """
    with transaction.atomic():
        _lock_playbook_editing()
        draft = Playbook.objects.order_by("pk").first()
        if draft is None or draft.revision != revision:
            raise StalePlaybookDraft(
                "The draft has changed in the meantime. Look at it as it is now, then publish it."
            )
        return _publish_snapshot(live_with_own_part(draft.snapshot, by), by, note, now)


def live_with_own_part(draft: Mapping[str, Any], by: User | None) -> dict[str, Any]:
    """Return the live snapshot with the user's own part of the draft."""
    return with_own_part(_live_snapshot(), draft, edit_scope_of(by).covers)


def _publish_snapshot(
    snapshot: Mapping[str, Any], by: User | None, note: str, now: dt.datetime
) -> PlaybookVersion | None:
    problems = check_playbook(snapshot, dict(Department.objects.values_list("slug", "is_open")))
    if problems:
        raise PlaybookError(" ".join(problems))
    latest = live_playbook()
    if latest is not None and latest.snapshot == snapshot:
        return None
    number = latest.number + 1 if latest else 1
    version = PlaybookVersion.objects.create(
        number=number, snapshot=dict(snapshot), note=note[:200], created_at=now, created_by=by
    )
    record_change(
        AuditVerb.PLAYBOOK_PUBLISHED,
        note or "no note",
        compare_values({"Version": latest and latest.number}, {"Version": version.number}),
        by=by,
    )
    return version


def restore_playbook_version(number: int, by: User | None, now: dt.datetime) -> PlaybookVersion | None:
    """Publish version `number` again as a new one; None when it is live.

    The user's own part of the draft is also reset to it. Raises `PlaybookVersion.DoesNotExist`,
    `PlaybookEditNotPermitted` when it would change more than the user may change, and `PlaybookError` when it
    leads to departments that no longer exist.
    """
    with transaction.atomic():
        _lock_playbook_editing()
        old = PlaybookVersion.objects.get(number=number).snapshot
        _require_permitted(by, _live_snapshot(), old)
        version = _publish_snapshot(old, by, f"Back to version {number}", now)
        _reset_own_part(old, by, now)
    return version


def discard_playbook_draft(revision: int, by: User | None, now: dt.datetime) -> None:
    """Reset the user's own part of the draft to the live version.

    Raises `StalePlaybookDraft` when the draft no longer has `revision`.
    """
    draft, live = find_playbook_draft(), _live_snapshot()
    reset = with_own_part(draft.snapshot, live, edit_scope_of(by).covers) if draft else live
    save_playbook_draft(reset, revision, by, now)


def _reset_own_part(snapshot: Mapping[str, Any], by: User | None, now: dt.datetime) -> None:
    draft = Playbook.objects.order_by("pk").first()
    reset = with_own_part(draft.snapshot, snapshot, edit_scope_of(by).covers) if draft else snapshot
    save_playbook_draft(reset, draft.revision if draft else 0, by, now)


def load_starter_playbook() -> dict[str, Any]:
    """Return the snapshot of the playbook that comes with the product."""
    text = Path(__file__).with_name("starter_playbook.json").read_text(encoding="utf-8")
    snapshot: dict[str, Any] = json.loads(text)
    return snapshot


def install_starter_playbook(by: User | None, now: dt.datetime) -> PlaybookVersion | None:
    """Publish the starter playbook.

    Where an outcome hands over to a department that is missing or closed, the user who follows it chooses
    another one. Raises `PlaybookError` when there is a playbook already, and `PlaybookEditNotPermitted`.
    """
    open_slugs = set(Department.objects.filter(is_open=True).values_list("slug", flat=True))
    snapshot = load_starter_playbook()
    for outcome in snapshot["outcomes"]:
        if outcome["action"] == Action.HAND_OVER and outcome.get("department") not in open_slugs:
            outcome["department"] = ""
    with transaction.atomic():
        _lock_playbook_editing()
        if live_playbook() is not None:
            raise PlaybookError("There is a playbook already.")
        _require_permitted(by, _live_snapshot(), snapshot)
        version = _publish_snapshot(snapshot, by, "Starter playbook", now)
        _reset_own_part(snapshot, by, now)
    return version
