"""Drafts: unsent text of people, stored on the server, one per person and case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db import transaction

from accounts.models import User
from inbox.changes.refusals import NothingKept, require_kept
from inbox.live.publish import publish_draft_on_commit
from inbox.models import LIVE_STATES, Case, Draft, Reply, ReplyState
from inbox.models.case import CaseQuerySet
from inbox.text import clean_text


class WrittenElsewhere(Exception):
    """The same person has stored another text meanwhile, on another page; `text` is that one, and it is still stored."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def save_draft(
    case_id: int,
    by: User,
    text: str,
    now: dt.datetime,
    *,
    canned_ids: Sequence[int] | None = None,
    base: str | None = None,
    page: str = "",
) -> Draft | None:
    """Store `text` as the person's draft on this case.

    Empty text removes the draft, and None is returned. Characters that Postgres cannot store are repaired. `canned_ids` are
    the canned answers in it; None leaves them as they are. The person's other pages are told; `page` is the name of the
    one that stores it. Raises `Case.DoesNotExist` if the person may not read the case, `NothingKept` if nothing more is
    stored in it, and `WrittenElsewhere` if the stored text is not `base`, which the page had shown.
    """
    with transaction.atomic():
        stored = _save_locked(Case.objects.visible_to(by), case_id, by.pk, text, now, canned_ids, base)
        publish_draft_on_commit(by.pk, case_id, page)
    return stored


def keep_refused_text(case_id: int, user_id: int, text: str, now: dt.datetime) -> None:
    """Store the text of a refused answer as its author's draft.

    Not if nothing more is stored in the case.
    """
    with suppress(NothingKept):
        _save_locked(Case.objects.all(), case_id, user_id, text, now)


def _save_locked(
    cases: CaseQuerySet,
    case_id: int,
    user_id: int,
    text: str,
    now: dt.datetime,
    canned_ids: Sequence[int] | None = None,
    base: str | None = None,
) -> Draft | None:
    """Store a draft with the case locked.

    Otherwise it could come after an erasure, or a merge, that has already dealt with the drafts of the case.
    """
    with transaction.atomic():
        rows = cases.select_related("identity").select_for_update(of=("self",), no_key=True)
        require_kept(rows.get(pk=case_id))
        if base is not None:
            _require_base(case_id, user_id, text, base)
        return save_draft_unchecked(case_id, user_id, text, now, canned_ids)


def _require_base(case_id: int, user_id: int, text: str, base: str) -> None:
    """Refuse to replace a text that the page has not shown."""
    stored = Draft.objects.filter(case_id=case_id, user_id=user_id).values_list("text", flat=True).first()
    if stored and _without_ends(stored) not in (_without_ends(base), _without_ends(text)):
        raise WrittenElsewhere(stored)


def _without_ends(text: str) -> str:
    """Return a text as a box in a page compares it: lines end in one character there."""
    return clean_text(text)[0].replace("\r\n", "\n").strip()


def save_draft_unchecked(
    case_id: int, user_id: int, text: str, now: dt.datetime, canned_ids: Sequence[int] | None = None
) -> Draft | None:
    """Store a draft without checking the case.

    The caller has locked it, or does not have to.
    """
    text = clean_text(text)[0]
    drafts = Draft.objects.filter(case_id=case_id, user_id=user_id)
    if not text.strip():
        drafts.delete()
        return None
    values: dict[str, Any] = {"text": text, "updated_at": now}
    if canned_ids is not None:
        values["canned_answer_ids"] = list(canned_ids)
    draft, _ = Draft.objects.update_or_create(case_id=case_id, user_id=user_id, defaults=values)
    return draft


def withdraw_draft(case_id: int, user_id: int, text: str) -> None:
    """Take the text of a leaving answer out of the draft.

    Any other draft is left unchanged.
    """
    Draft.objects.filter(case_id=case_id, user_id=user_id, text=text).delete()


def restore_draft(reply: Reply, now: dt.datetime) -> None:
    """Put the text of an unsent answer back into the draft.

    A newer draft is left unchanged.
    """
    case_id, user_id = reply.case_id, reply.author_id
    if not Draft.objects.filter(case_id=case_id, user_id=user_id).exclude(text="").exists():
        save_draft_unchecked(case_id, user_id, reply.text, now, reply.canned_answer_ids)


def add_to_draft(case_id: int, user_id: int, text: str, now: dt.datetime) -> None:
    """Put the text of an unsent answer below the draft."""
    drafted = Draft.objects.filter(case_id=case_id, user_id=user_id).values_list("text", flat=True).first()
    both = f"{drafted.rstrip()}\n\n{text}" if drafted and drafted.strip() not in ("", text) else text
    save_draft_unchecked(case_id, user_id, both, now)


def settle_draft_of_queued(reply: Reply, text: str, now: dt.datetime) -> None:
    """Leave no draft of an answer that was queued before.

    Whoever did not see the receipt may have kept its text. If they have changed it before sending it again, the changed
    text becomes the draft.
    """
    if not reply.text.startswith(text):
        save_draft_unchecked(reply.case_id, reply.author_id, text, now)
    elif reply.state in LIVE_STATES or reply.state == ReplyState.SENT:
        save_draft_unchecked(reply.case_id, reply.author_id, "", now)
