"""Count recent messages that hold some words, or that a rule took because of some.

For people who consider making a rule of these words, or changing a word list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts.models import User
from inbox.message_facts import FACTS_OF_DECISIONS
from inbox.models import Case, Decision, Direction, Message
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import phrase_of
from routing.learning.suggested_rules import EXAMPLES_SHOWN, CaughtMessages
from routing.models import RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import versions
from routing.rules.engine import CompiledRules, decide
from routing.word_lists.usage import RecentWords

#: How far back messages are counted, and the most that are counted.
LOOK_BACK, MAX_COUNTED = dt.timedelta(days=30), 500
#: The most decisions whose words are read, and of those that did not keep them.
MAX_DECISIONS, MAX_MADE_AGAIN = 20_000, 5_000


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


def read_recent_words(user: User, rule_keys: Sequence[str], now: dt.datetime) -> RecentWords:
    """Read which words of lists these rules found lately.

    In the newest messages of 30 days that the user may read. One statement; more while there are decisions that did not keep
    their words: these are made again.
    """
    messages = Message.objects.filter(
        direction=Direction.INBOUND,
        network_time__gt=now - LOOK_BACK,
        erased_at__isnull=True,
        case__in=Case.objects.visible_to(user),
    )
    rows = Decision.objects.filter(message__in=messages, decided_by="rule", rule_key__in=rule_keys)
    newest = rows.order_by("-message__network_time").values_list("pk", "trace__decided__words")
    newest_rows = list(newest[: MAX_DECISIONS + 1])
    without_words = [pk for pk, words in newest_rows[:MAX_DECISIONS] if words is None]
    made_again = _find_words_again(without_words[:MAX_MADE_AGAIN]) if without_words else []
    is_more = len(newest_rows) > MAX_DECISIONS or len(without_words) > MAX_MADE_AGAIN
    words_kept = [words for _, words in newest_rows[:MAX_DECISIONS] if words is not None]
    return RecentWords([*words_kept, *made_again], LOOK_BACK.days, is_more)


def _find_words_again(decision_ids: Sequence[int]) -> list[tuple[str, ...]]:
    """Return the words of decisions that did not keep them.

    They are made again, by the rules of then. One that comes out otherwise, or whose rules are gone, is left out.
    """
    decisions = Decision.objects.filter(pk__in=decision_ids)
    rules: dict[int, CompiledRules | None] = {}
    words_again = []
    for row in FACTS_OF_DECISIONS.select(decisions, "rule_key", "version"):
        number = row["version"]
        if number not in rules:
            rules[number] = _load_rules(number)
        compiled = rules[number]
        again = decide(FACTS_OF_DECISIONS.restore(row), compiled) if compiled is not None else None
        if again is not None and again.rule_key == row["rule_key"]:
            words_again.append(again.words or ())
    return words_again


def _load_rules(number: int) -> CompiledRules | None:
    try:
        return versions.compiled_version(number)
    except (RuleSetVersion.DoesNotExist, RuleSetError):
        return None
