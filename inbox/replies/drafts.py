"""What a person has typed and not sent, kept on the server: one draft per person and case."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from inbox.models import Case, Draft
from inbox.text import clean_text


def save_draft(case_id: int, by: User, text: str, now: dt.datetime) -> Draft | None:
    """Keep `text` as the person's draft on this case; an empty one removes it (None is returned).

    What Postgres cannot store is repaired. Raises `Case.DoesNotExist` when the person may not read the case.
    """
    case = Case.objects.visible_to(by).only("pk").get(pk=case_id)
    return save_draft_unchecked(case.pk, by.pk, text, now)


def save_draft_unchecked(case_id: int, user_id: int, text: str, now: dt.datetime) -> Draft | None:
    """`save_draft` without asking whether the person may still read the case: for text that must not be lost."""
    text = clean_text(text)[0]
    mine = Draft.objects.filter(case_id=case_id, user_id=user_id)
    if not text.strip():
        mine.delete()
        return None
    draft, _ = Draft.objects.update_or_create(
        case_id=case_id, user_id=user_id, defaults={"text": text, "updated_at": now}
    )
    return draft


def restore_draft(case_id: int, user_id: int, text: str, now: dt.datetime) -> None:
    """Put the text of an answer that did not go out into the draft, unless a newer text stands there."""
    if not Draft.objects.filter(case_id=case_id, user_id=user_id).exclude(text="").exists():
        save_draft_unchecked(case_id, user_id, text, now)
