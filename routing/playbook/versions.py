"""The playbook that is edited, its versions, and the one that is live."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import Department, User
from postgres.locks import AdvisoryLock, take_lock
from routing.models import Playbook, PlaybookVersion
from routing.playbook.checks import check_playbook
from routing.playbook.ownership import objection_to_change, with_own_part
from routing.playbook.tree import Action, PlaybookTree, parse_playbook
from routing.scope import edit_scope_of

#: Versions kept ready.
MAX_CACHED_VERSIONS = 50
_EMPTY_SNAPSHOT: dict[str, Any] = {"start": "", "default": "", "questions": [], "outcomes": []}


class PlaybookError(ValueError):
    """A playbook that cannot be published, or an edit that cannot be made; the text is for its author."""


class PlaybookEditNotPermitted(PlaybookError):
    """The change touches what the person may not change; nothing was changed."""


class StalePlaybookDraft(PlaybookError):
    """Somebody else changed the draft meanwhile; nothing was changed."""


def _lock_playbook_editing() -> None:
    take_lock(AdvisoryLock.PLAYBOOK)


def live_playbook() -> PlaybookVersion | None:
    """The version that new cases begin with, None before the first was published."""
    return PlaybookVersion.objects.order_by("-number").first()


@lru_cache(maxsize=MAX_CACHED_VERSIONS)
def load_playbook_version(pk: int) -> tuple[int, PlaybookTree]:
    """Return number and tree of a version by its primary key; kept, for it never changes. At most one statement.

    Raises `PlaybookVersion.DoesNotExist`.
    """
    version = PlaybookVersion.objects.only("number", "snapshot").get(pk=pk)
    return version.number, parse_playbook(version.snapshot)


def playbook_branch_options() -> list[tuple[str, str]]:
    """Where a rule may let the playbook begin: key and words of each question of the live version."""
    version = live_playbook()
    return (
        [(one.key, one.text) for one in parse_playbook(version.snapshot).questions.values()]
        if version
        else []
    )


def find_playbook_draft() -> Playbook | None:
    """The draft, None when nobody has begun one."""
    return Playbook.objects.select_related("changed_by").order_by("pk").first()


def save_playbook_draft(
    snapshot: Mapping[str, Any], revision: int, by: User | None, now: dt.datetime
) -> Playbook:
    """Put `snapshot` in place of the draft that was read at `revision` (0: there was none). Raises `StalePlaybookDraft`, and
    `PlaybookEditNotPermitted`. `by` is None for the system, which may change everything."""
    with transaction.atomic():
        _lock_playbook_editing()
        kept = Playbook.objects.order_by("pk").first()
        if (kept.revision if kept else 0) != revision:
            who = str(kept.changed_by) if kept and kept.changed_by else "Somebody"
            raise StalePlaybookDraft(
                f"{who} changed the draft meanwhile. Look at it as it is now, then make your change again."
            )
        _require_permitted(by, kept.snapshot if kept else _live_snapshot(), snapshot)
        if kept is None:
            return Playbook.objects.create(snapshot=dict(snapshot), changed_at=now, changed_by=by)
        kept.snapshot, kept.revision = dict(snapshot), kept.revision + 1
        kept.changed_at, kept.changed_by = now, by
        kept.save(update_fields=["snapshot", "revision", "changed_at", "changed_by"])
    return kept


def _live_snapshot() -> Mapping[str, Any]:
    version = live_playbook()
    return version.snapshot if version else _EMPTY_SNAPSHOT


def _require_permitted(by: User | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    if said := objection_to_change(before, after, edit_scope_of(by).covers):
        raise PlaybookEditNotPermitted(said)


def begin_playbook_draft(by: User | None, now: dt.datetime) -> Playbook:
    """The draft, begun from the live version where there is none yet."""
    if (kept := find_playbook_draft()) is not None:
        return kept
    try:
        return save_playbook_draft(_live_snapshot(), 0, by, now)
    except StalePlaybookDraft:
        return begin_playbook_draft(by, now)


def publish_playbook(by: User | None, note: str, revision: int, now: dt.datetime) -> PlaybookVersion | None:
    """Make the person's part of the draft a new version, with which new cases begin at once; what others changed stays
    in the draft. An administrator's part is all of it. None when nothing has changed.

    Raises `StalePlaybookDraft`, and `PlaybookError` with everything that is wrong.
    """
    with transaction.atomic():
        _lock_playbook_editing()
        kept = Playbook.objects.order_by("pk").first()
        if kept is None or kept.revision != revision:
            raise StalePlaybookDraft("The draft changed meanwhile. Look at it as it is now, then publish it.")
        return _publish_snapshot(live_with_own_part(kept.snapshot, by), by, note, now)


def live_with_own_part(draft: Mapping[str, Any], by: User | None) -> dict[str, Any]:
    """What is live, with the person's part as it is in the draft."""
    return with_own_part(_live_snapshot(), draft, edit_scope_of(by).covers)


def _publish_snapshot(
    snapshot: Mapping[str, Any], by: User | None, note: str, now: dt.datetime
) -> PlaybookVersion | None:
    wrong = check_playbook(snapshot, dict(Department.objects.values_list("slug", "is_open")))
    if wrong:
        raise PlaybookError(" ".join(wrong))
    latest = live_playbook()
    if latest is not None and latest.snapshot == snapshot:
        return None
    number = latest.number + 1 if latest else 1
    return PlaybookVersion.objects.create(
        number=number, snapshot=dict(snapshot), note=note[:200], created_at=now, created_by=by
    )


def restore_playbook_version(number: int, by: User | None, now: dt.datetime) -> PlaybookVersion | None:
    """Publish version `number` again as a new one; the draft goes back to it. None when it is live.

    Raises `PlaybookVersion.DoesNotExist`, `PlaybookEditNotPermitted` when it would change more than the person may, and `PlaybookError` when it leads to departments that are gone.
    """
    with transaction.atomic():
        _lock_playbook_editing()
        old = PlaybookVersion.objects.get(number=number).snapshot
        _require_permitted(by, _live_snapshot(), old)
        version = _publish_snapshot(old, by, f"Back to version {number}", now)
        _reset_own_part(old, by, now)
    return version


def discard_playbook_draft(revision: int, by: User | None, now: dt.datetime) -> None:
    """The person's part of the draft becomes what is live. Raises `StalePlaybookDraft`."""
    kept = find_playbook_draft()
    part = (
        with_own_part(kept.snapshot, _live_snapshot(), edit_scope_of(by).covers) if kept else _live_snapshot()
    )
    save_playbook_draft(part, revision, by, now)


def _reset_own_part(snapshot: Mapping[str, Any], by: User | None, now: dt.datetime) -> None:
    kept = Playbook.objects.order_by("pk").first()
    part = with_own_part(kept.snapshot, snapshot, edit_scope_of(by).covers) if kept else snapshot
    save_playbook_draft(part, kept.revision if kept else 0, by, now)


def load_starter_playbook() -> dict[str, Any]:
    """The playbook that comes with the product."""
    text = Path(__file__).with_name("starter_playbook.json").read_text(encoding="utf-8")
    snapshot: dict[str, Any] = json.loads(text)
    return snapshot


def install_starter_playbook(by: User | None, now: dt.datetime) -> PlaybookVersion | None:
    """Publish the starter playbook. Where it hands over to a department that is not there or closed, whoever follows
    it chooses one. Raises `PlaybookError` when there is a playbook already."""
    open_ones = set(Department.objects.filter(is_open=True).values_list("slug", flat=True))
    snapshot = load_starter_playbook()
    for outcome in snapshot["outcomes"]:
        if outcome["action"] == Action.HAND_OVER and outcome.get("department") not in open_ones:
            outcome["department"] = ""
    with transaction.atomic():
        _lock_playbook_editing()
        if live_playbook() is not None:
            raise PlaybookError("There is a playbook already.")
        _require_permitted(by, _live_snapshot(), snapshot)
        version = _publish_snapshot(snapshot, by, "Starter playbook", now)
        _reset_own_part(snapshot, by, now)
    return version
