"""Canned answers in answers that are sent: which of them are still in the text, and the counts of their use.

Counted when the network has the answer, in the transaction that records it: an answer taken back counts nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from typing import Any

from django.db import connection

from accounts.models import User
from accounts.working_time.presence import local_date
from inbox.models import CannedAnswer, Reply
from inbox.replies.placeholders import PLACEHOLDERS

#: Canned answers of one answer that are noted.
MOST_IN_ONE = 20
_WORD = re.compile(r"\w+")
_COUNT = """
INSERT INTO inbox_canneduse (answer_id, user_id, month, count, last_used_at)
SELECT id, %(user)s, %(month)s, 1, %(at)s FROM inbox_cannedanswer WHERE id = ANY(%(answers)s) ORDER BY id
ON CONFLICT (answer_id, user_id, month) DO UPDATE
  SET count = inbox_canneduse.count + 1, last_used_at = greatest(inbox_canneduse.last_used_at, excluded.last_used_at)
"""


def parse_ids(text: str) -> list[int]:
    """Return the ids that a form names.

    Separated by commas; what is no id is left out.
    """
    ids = (part.strip() for part in text[:1000].split(","))
    return list(dict.fromkeys(int(part) for part in ids if part.isascii() and part.isdigit() and len(part) < 18))[
        :MOST_IN_ONE
    ]  # fmt: skip


def used_in_text(ids: Collection[int], text: str, by: User) -> list[int]:
    """Return the canned answers that a text still holds.

    So it does with at least half the words of one of their texts.

    What the person may not use is left out. Two statements, none without ids.
    """
    if not ids:
        return []
    answers = CannedAnswer.objects.visible_to(by).filter(pk__in=ids).order_by("pk").prefetch_related("texts")
    words = _words(text)
    return [
        answer.pk
        for answer in answers
        if any(_stands_in(_words(each.text), words) for each in answer.texts.all())
    ]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold())) - PLACEHOLDERS.keys()


def _stands_in(canned: set[str], words: set[str]) -> bool:
    return bool(canned) and 2 * len(canned & words) >= len(canned)


def count_uses(reply: Reply, at: dt.datetime) -> dict[str, Any]:
    """Count the canned answers of a sent answer.

    `at` is when it was sent. Returns them as part of its event's data. One statement, none without them.
    """
    if not reply.canned_answer_ids:
        return {}
    values: dict[str, Any] = {
        "user": reply.author_id,
        "month": local_date(at).replace(day=1),
        "at": at,
        "answers": reply.canned_answer_ids,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
    return {"canned": reply.canned_answer_ids}
