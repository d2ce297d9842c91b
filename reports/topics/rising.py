"""Looking for the topics of a week that rose against the four weeks before, and for the most frequent ones.

For all cases and for each department, with direct messages and without. Only what at least `FEWEST` cases say is kept, and no
word that is mostly a name or only the brand's. Pages count what they show again, for their own reader and period.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q

from inbox.models import Direction, Message
from postgres.locks import AdvisoryLock, try_lock
from reports.models import CaseTopics, RisingTopic, TopicWeek
from reports.periods import start_of_day
from reports.scopes import fetch_all
from reports.topics.names import find_brand_words, find_name_words
from reports.topics.refreshing import WEEKS_BEFORE
from reports.topics.surprise import log_likelihood
from reports.topics.words import TAG, WORD, find_spelling
from wording.times import company_zone

#: The fewest cases of a topic that is ever shown: fewer may be one person, or chance.
FEWEST = 3
#: The most rising and the most frequent topics of a week that are kept, for each department and kind of reader.
_MOST_RISING, _MOST_FREQUENT = 40, 15
#: A week is counted again at most so often.
COUNT_EVERY = dt.timedelta(minutes=10)
#: Cases of which the spelling of a topic is looked up.
_EXAMPLES = 5
_COUNT = """
WITH spot AS (
  SELECT department_id, visibility = 'public' AS is_public, at >= %(start)s AS is_now, keys
  FROM reports_casetopics WHERE at >= %(before)s AND at < %(end)s
)
SELECT key, coalesce(department_id, 0), count(*) FILTER (WHERE is_now), count(*) FILTER (WHERE NOT is_now),
       count(*) FILTER (WHERE is_now AND is_public), count(*) FILTER (WHERE NOT is_now AND is_public)
FROM (SELECT unnest(array_append(keys, '')) AS key, department_id, is_public, is_now FROM spot) AS said
GROUP BY GROUPING SETS ((key), (key, department_id)) HAVING count(*) FILTER (WHERE is_now) >= %(fewest)s OR key = ''
"""


@dataclass(slots=True)
class _Audience:
    """The topics of one department (0: all), of public cases only or of all: (key, now, before), and all cases."""

    cases: tuple[int, int] = (0, 0)
    counted: list[tuple[str, int, int]] = field(default_factory=list)

    def choose(self) -> dict[str, float]:
        """Return the topics to keep, with their scores."""
        scores = {key: log_likelihood(now, before, *self.cases) for key, now, before in self.counted}
        rising = sorted((key for key in scores if scores[key]), key=lambda key: (-scores[key], key))
        often = sorted(self.counted, key=lambda each: (-each[1], each[0]))
        chosen = [*rising[:_MOST_RISING], *(key for key, _, _ in often[:_MOST_FREQUENT])]
        return {key: scores[key] for key in chosen}


def count_due_weeks(now: dt.datetime, *, most: int = 4) -> int:
    """Count the weeks that are due, newest first; return how many, at most `most`."""
    this_week = _monday(now.astimezone(company_zone()).date())
    due = TopicWeek.objects.filter(Q(counted_at=None) | Q(counted_at__lt=now - COUNT_EVERY), is_stale=True)
    weeks = list(due.filter(week__lte=this_week).order_by("-week").values_list("week", flat=True)[:most])
    return sum(count_week(week, now) for week in weeks)


def count_week(week: dt.date, now: dt.datetime) -> bool:
    """Count one week anew; return whether somebody else was not already at it."""
    with transaction.atomic():
        if not try_lock(AdvisoryLock.TOPICS):
            return False
        rows = list(_find_rising(week))
        RisingTopic.objects.filter(week=week).delete()
        RisingTopic.objects.bulk_create(rows)
        TopicWeek.objects.filter(pk=week).update(is_stale=False, counted_at=now)
    return True


def _find_rising(week: dt.date) -> Iterator[RisingTopic]:
    chosen = {where: audience.choose() for where, audience in _count_audiences(week).items()}
    keys = {key for scores in chosen.values() for key in scores}
    names = find_name_words(keys) | find_brand_words(keys)
    labels = _find_labels({key for key in keys if key not in names}, week)
    for (department_id, public_only), scores in chosen.items():
        for key, score in scores.items():
            if key in labels:
                yield RisingTopic(
                    week=week, department_id=department_id, public_only=public_only,
                    key=key, label=labels[key], score=score,
                )  # fmt: skip


def _count_audiences(week: dt.date) -> dict[tuple[int, bool], _Audience]:
    zone = company_zone()
    moments = {
        "before": start_of_day(week - dt.timedelta(weeks=WEEKS_BEFORE), zone),
        "start": start_of_day(week, zone),
        "end": start_of_day(week + dt.timedelta(weeks=1), zone),
    }
    audiences: dict[tuple[int, bool], _Audience] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {**moments, "fewest": FEWEST})
        for key, department_id, now, before, public_now, public_before in cursor.fetchall():
            for public_only, counts in ((False, (now, before)), (True, (public_now, public_before))):
                audience = audiences.setdefault((department_id, public_only), _Audience())
                if key == "":
                    audience.cases = counts
                elif counts[0] >= FEWEST:
                    audience.counted.append((key, *counts))
    return audiences


def _find_labels(keys: set[str], week: dt.date) -> dict[str, str]:
    """Return each topic as a few of its newest messages write it.

    Two statements.
    """
    labels = {key: key.removeprefix(TAG) for key in keys if key.startswith(TAG)}
    words = sorted(keys - labels.keys())
    until = start_of_day(week + dt.timedelta(weeks=1), company_zone())
    rows = fetch_all(
        "SELECT k.key, t.case_id FROM unnest(%s::text[]) AS k(key) CROSS JOIN LATERAL (SELECT case_id FROM reports_casetopics"
        " WHERE keys @> ARRAY[k.key] AND at < %s ORDER BY at DESC, case_id DESC LIMIT %s) AS t",
        [words, until, _EXAMPLES],
    )
    texts: dict[int, list[str]] = {case_id: [] for _, case_id in rows}
    messages = Message.objects.filter(
        case__in=texts, direction=Direction.INBOUND, erased_at=None, deleted_at=None
    )
    for case_id, text in messages.values_list("case_id", "text"):
        texts[case_id].append(text)
    for key in words:
        term = key.removeprefix(WORD)
        examples = (texts[case_id] for each, case_id in rows if each == key)
        labels[key] = _most_usual((find_spelling(text, term) for each in examples for text in each), term)
    return labels


def _most_usual(spellings: Iterable[str], default: str) -> str:
    counts = Counter(spelling for spelling in spellings if spelling)
    return min(counts, key=lambda each: (-counts[each], each)) if counts else default


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def forget_old_weeks(now: dt.datetime) -> None:
    """Delete the rising topics of weeks without a counted case."""
    oldest = CaseTopics.objects.order_by("at").values_list("at", flat=True).first() or now
    before = _monday(oldest.astimezone(company_zone()).date())
    RisingTopic.objects.filter(week__lt=before).delete()
    TopicWeek.objects.filter(week__lt=before).delete()
