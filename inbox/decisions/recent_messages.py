"""Count recent messages that hold some words.

For people who consider making a rule of these words.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from inbox.models import Case, Direction, Message
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import phrase_of
from routing.learning.suggested_rules import EXAMPLES_SHOWN, CaughtMessages

#: How far back messages are counted, and the most that are counted.
LOOK_BACK, MAX_COUNTED = dt.timedelta(days=30), 500


def find_recent_matches(words: str, user: User, now: dt.datetime) -> CaughtMessages:
    """Find inbound messages of 30 days with the words in a row. Only those that the user may read.
    One statement.
    """
    rows = Message.objects.filter(
        search=LexemeQuery(phrase_of(words)),
        direction=Direction.INBOUND,
        network_time__gt=now - LOOK_BACK,
        case__in=Case.objects.visible_to(user),
    )
    texts = list(rows.order_by("-network_time").values_list("text", flat=True)[: MAX_COUNTED + 1])
    return CaughtMessages(
        min(len(texts), MAX_COUNTED),
        len(texts) > MAX_COUNTED,
        tuple(text[:300] for text in texts[:EXAMPLES_SHOWN]),
    )
