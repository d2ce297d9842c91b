"""Count recent messages that hold some words, or that a rule took because of some.

For people who consider making a rule of these words, or changing a word list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts.models import User
from inbox.models import Case, Decision, Direction, Message
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import phrase_of
from routing.learning.suggested_rules import EXAMPLES_SHOWN, CaughtMessages
from routing.word_lists.usage import RecentReasons

#: How far back messages are counted, and the most that are counted.
LOOK_BACK, MAX_COUNTED = dt.timedelta(days=30), 500
#: The most messages whose reasons are read.
MAX_REASONS = 20_000


def find_recent_matches(words: str, user: User, now: dt.datetime) -> CaughtMessages:
    """Find inbound messages of 30 days with the words in a row. Only those that the user may read.
    One statement.
    """
    rows = Message.objects.filter(
        search=LexemeQuery(phrase_of(words).as_tsquery()),
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


def read_recent_reasons(user: User, rule_keys: Sequence[str], now: dt.datetime) -> RecentReasons:
    """Read why these rules took messages of 30 days.

    Of the newest messages that the user may read. One statement.
    """
    messages = Message.objects.filter(
        direction=Direction.INBOUND,
        network_time__gt=now - LOOK_BACK,
        erased_at__isnull=True,
        case__in=Case.objects.visible_to(user),
    )
    rows = Decision.objects.filter(message__in=messages, decided_by="rule", rule_key__in=rule_keys)
    newest = rows.order_by("-message__network_time").values_list("reasons__0", flat=True)
    reasons = [str(reason) for reason in newest[: MAX_REASONS + 1]]
    return RecentReasons(reasons[:MAX_REASONS], LOOK_BACK.days, len(reasons) > MAX_REASONS)
