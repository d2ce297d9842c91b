"""Topics of a period, counted from records as the page writes them."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from tests.reports.independent.records import Case
from tests.reports.independent.response_board import Question
from tests.reports.independent.words import DAY, NOTHING, Span, number

#: Words that say nothing, of those that this company's customers use.
STOP_WORDS = frozenset("where is it the again my since yesterday still at no thank you was wrong and".split())
#: The fewest cases of a topic, of one week to be looked at and of the period to be shown.
FEWEST = 3


@dataclass
class Topic:
    key: str
    cases: list[Case]
    before: int
    of: int
    of_before: int

    @property
    def now(self) -> int:
        return len(self.cases)

    @property
    def label(self) -> str:
        return self.key.split(":", 1)[1]

    @property
    def expected(self) -> float:
        return self.of * self.before / self.of_before if self.of_before else 0.0

    @property
    def surprise(self) -> float:
        """G² of the table of cases with and without the topic, now and before; 0 when its share did not rise."""
        if not self.of or not self.of_before or self.now / self.of <= self.before / self.of_before:
            return 0.0
        everything = self.of + self.of_before
        with_it = self.now + self.before
        cells = (
            (self.now, self.of, with_it), (self.of - self.now, self.of, everything - with_it),
            (self.before, self.of_before, with_it), (self.of_before - self.before, self.of_before, everything - with_it),
        )  # fmt: skip
        return 2 * sum(
            seen * math.log(seen / (row * column / everything)) for seen, row, column in cells if seen
        )

    @property
    def rose(self) -> bool:
        return self.surprise >= 6.635 and self.now >= 1.5 * self.expected


def keys_of(case: Case) -> set[str]:
    """Return the tags of a case, and the words and pairs of words that its customer wrote."""
    keys = {f"tag:{tag}" for tag in case.tags}
    for message in case.live:
        if message.ours:
            continue
        for part in re.split("[^a-z ]+", message.text.lower()):
            before = ""
            for word in part.split():
                word = "" if word in STOP_WORDS or len(word) < 3 else word
                keys |= {f"word:{word}"} if word else set()
                keys |= {f"word:{before} {word}"} if word and before else set()
                before = word
    return keys


def count_topics(asked: Question) -> list[list[str]]:
    if not hasattr(asked.records, "topics"):
        asked.records.topics = {case.id: keys_of(case) for case in asked.records.cases}
    created, earlier = asked.created(), replace(asked, span=asked.span.before()).created()
    saying, before = defaultdict(list), Counter()
    for case in created:
        for key in asked.records.topics[case.id]:
            saying[key].append(case)
    for case in earlier:
        before.update(asked.records.topics[case.id])
    looked_at = _looked_at(asked)
    topics = [
        Topic(key, cases, before[key], len(created), len(earlier))
        for key, cases in saying.items()
        if key in looked_at and len(cases) >= FEWEST
    ]
    topics = _without_doubles(topics)
    topics.sort(key=lambda topic: (-topic.surprise if topic.rose else 0.0, -topic.now, topic.label))
    return [_row(asked, topic) for topic in topics[:8]]


def _looked_at(asked: Question) -> set[str]:
    """Return the topics of which at least three cases of one week speak, of a department that the reader looks at."""
    reader, zone = asked.reader, asked.span.zone
    only = asked.filters.department or (
        reader.departments if reader.role in ("manager", "agent", "analyst") else None
    )
    first = asked.span.first - asked.span.first.weekday() * DAY
    weeks = [Span(first + n * DAY, first + (n + 7) * DAY, zone, "week") for n in range(0, (asked.span.after - first).days, 7)]  # fmt: skip
    starts, end = [week.start for week in weeks], weeks[-1].end
    counts: Counter = Counter()
    for case in asked.records.cases:
        if not starts[0] <= case.created < end or (
            not case.public and reader.role in ("administrator", "analyst")
        ):
            continue
        if only and case.department not in only:
            continue
        week = sum(start <= case.created for start in starts)
        counts.update((week, case.department if only else 0, key) for key in asked.records.topics[case.id])
    return {key for (_, _, key), count in counts.items() if count >= FEWEST}


def _without_doubles(topics: list[Topic]) -> list[Topic]:
    """Of a word and a pair with it leave the pair, if six in ten of the word's cases say it, else the word; of a word and a tag the tag."""
    words = {topic.label: topic.now for topic in topics if topic.key.startswith("word:")}
    hidden = {topic.label for topic in topics if topic.key.startswith("tag:")}
    for pair in [label for label in words if " " in label]:
        for word in pair.split():
            if word in words:
                hidden.add(word if words[pair] >= 0.6 * words[word] else pair)
    return [topic for topic in topics if topic.key.startswith("tag:") or topic.label not in hidden]


def _row(asked: Question, topic: Topic) -> list[str]:
    by_department = Counter(case.department for case in topic.cases)
    mostly = min(by_department, key=lambda pk: (-by_department[pk], pk))
    compares = topic.of_before > 0
    return [
        topic.label, "tag" if topic.key.startswith("tag:") else "words", asked.name(mostly), number(topic.now), number(topic.before),
        f"{1000 * topic.now / topic.of:,.1f}", f"{1000 * topic.before / topic.of_before:,.1f}" if compares else NOTHING,
        f"{topic.expected:,.1f}" if compares else NOTHING, f"{topic.surprise:.1f}" if compares else NOTHING,
    ]  # fmt: skip
