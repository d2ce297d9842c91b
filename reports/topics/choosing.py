"""The topics of a period that a reader is shown: those that rose first, then the most frequent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from accounts.models import User
from reports.filters import Filters
from reports.periods import Period
from reports.rollups.topics import TopicCounts, count_topics, list_candidates
from reports.topics.rising import FEWEST
from reports.topics.surprise import SURPRISING, expected_count, log_likelihood
from reports.topics.words import TAG, WORD

#: A topic rose when it is surprising, and by half at least.
_ROSE_BY = 1.5
#: Of two topics of which one holds the other, one is shown: the longer one if so large a share of the cases say it.
_SAME = 0.6


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: its cases by step now and before, and all cases of both periods; `score` is G² (`surprise`)."""

    key: str
    label: str
    steps: tuple[int, ...]
    steps_before: tuple[int, ...]
    cases: int
    cases_before: int
    department_id: int

    @property
    def now(self) -> int:
        return sum(self.steps)

    @property
    def before(self) -> int:
        return sum(self.steps_before)

    @property
    def expected(self) -> float:
        """The cases there would be at the share of before."""
        return expected_count(self.before, self.cases, self.cases_before)

    @property
    def score(self) -> float:
        return log_likelihood(self.now, self.before, self.cases, self.cases_before)

    @property
    def rose(self) -> bool:
        return self.score >= SURPRISING and self.now >= _ROSE_BY * self.expected

    @property
    def is_tag(self) -> bool:
        return self.key.startswith(TAG)


@dataclass(frozen=True, slots=True)
class Topics:
    """The chosen topics, and all cases of the period."""

    topics: list[Topic]
    cases: int
    cases_before: int


def choose_topics(
    user: User, period: Period, compared: Period | None, filters: Filters, *, most: int = 8
) -> Topics:
    """Choose what a reader is shown of a period. Three statements.

    A topic is shown when the reader may read at least `FEWEST` of its cases.
    """
    candidates = list_candidates(user, period, filters)
    counts = count_topics(user, period, filters, candidates)
    before = count_topics(user, compared, filters, candidates) if compared else TopicCounts(0, {}, {})
    steps_before = len(compared.steps) if compared else 0
    shown = [
        _build_topic(key, label, counts, before, (len(period.steps), steps_before))
        for key, label in candidates.items()
        if counts.of(key) >= FEWEST
    ]
    shown = _without_doubles(shown)
    shown.sort(key=lambda topic: (-topic.score if topic.rose else 0.0, -topic.now, topic.label))
    return Topics(shown[:most], counts.cases, before.cases)


def _build_topic(
    key: str, label: str, counts: TopicCounts, before: TopicCounts, steps: tuple[int, int]
) -> Topic:
    by_step, by_step_before = counts.by_step[key], before.by_step.get(key, Counter())
    return Topic(
        key,
        label,
        tuple(by_step[step] for step in range(steps[0])),
        tuple(by_step_before[step] for step in range(steps[1])),
        counts.cases,
        before.cases,
        min(counts.by_department[key].items(), key=lambda each: (-each[1], each[0]))[0],
    )


def _without_doubles(topics: list[Topic]) -> list[Topic]:
    """Leave out what another topic says as well.

    A word that stands mostly in a shown phrase, a rare phrase beside its word, and a word that is a tag.
    """
    words = {topic.key.removeprefix(WORD): topic.now for topic in topics if not topic.is_tag}
    tagged = {topic.key.removeprefix(TAG).casefold() for topic in topics if topic.is_tag}
    hidden = {word for word in words if word in tagged}
    for phrase, count in words.items():
        for word in phrase.split(" ") if " " in phrase else ():
            if word in words:
                hidden.add(word if count >= _SAME * words[word] else phrase)
    return [topic for topic in topics if topic.is_tag or topic.key.removeprefix(WORD) not in hidden]
