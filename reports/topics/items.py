"""Topics as learning items: which topic has one, and with what a new one begins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from inbox.models import LearningItem, RepeatsBy
from reports.filters import Filters
from reports.periods import Period
from reports.rollups.topics import list_topic_cases
from reports.scopes import fetch_all
from reports.topics.choosing import Topic
from reports.topics.words import TAG, WORD, name_words

#: A topic belongs to an item to which so large a share of its cases is linked.
_LINKED_SHARE = 1 / 3
#: The most cases that a new item begins with: they stand in an address.
MOST_CASES = 100
_LINKED = """
SELECT said.key, l.item_id, count(*) FROM inbox_learninglink l
JOIN inbox_learningitem i ON i.id = l.item_id AND i.merged_into_id IS NULL
JOIN reports_casetopics t ON t.case_id = l.case_id AND t.at >= %s AND t.at < %s
CROSS JOIN LATERAL unnest(t.keys) AS said(key) WHERE said.key = ANY(%s::text[]) GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class SuggestedTopic:
    """A topic as a learning item begins: its title, by what repeats are counted, and the newest of its cases."""

    title: str
    repeats_by: str
    repeats_of: str
    case_ids: tuple[int, ...]


def begin_item(user: User, period: Period, filters: Filters, key: str, label: str) -> SuggestedTopic:
    """Return what an item about a topic of a period begins with. One statement."""
    return describe_topic(key, label, list_topic_cases(user, period, filters, key, most=MOST_CASES))


def describe_topic(key: str, label: str, case_ids: Collection[int]) -> SuggestedTopic:
    """Return a topic as an item begins."""
    kind = RepeatsBy.TAG if key.startswith(TAG) else RepeatsBy.WORDS
    return SuggestedTopic(f"{label[:1].upper()}{label[1:]}", kind, label, tuple(case_ids))


def find_items(topics: Collection[Topic], period: Period) -> dict[str, int]:
    """Return the learning item of each topic that has one. Two statements, none without topics.

    By its tag or words, or because a third of the topic's cases are linked to it.
    """
    if not topics:
        return {}
    found_by: dict[str, int] = {}
    rows = LearningItem.objects.filter(merged_into=None).exclude(repeats_of="").order_by("-pk")
    for pk, kind, words in rows.values_list("pk", "repeats_by", "repeats_of"):
        found_by[f"{TAG}{words}" if kind == RepeatsBy.TAG else f"{WORD}{_fold(words)}"] = pk
    counts = {topic.key: topic.now for topic in topics}
    items = {key: found_by[key] for key in counts if key in found_by}
    for key, item_id, linked in fetch_all(_LINKED, [period.start, period.end, list(counts)]):
        if linked >= _LINKED_SHARE * counts[key]:
            items.setdefault(key, item_id)
    return items


def _fold(words: str) -> str:
    return " ".join(word for part in words.split() for word in sorted(name_words(part)))
