"""Data for the pages of the learned router: every text and number is made here, templates only print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from accounts.models import Department
from routing.classifier import scoring
from routing.classifier.training import MIN_EXAMPLES
from routing.learning.active import threshold_for
from routing.learning.router_versions import get_learning_setting
from routing.models import (
    LearningMode,
    RouterTraining,
    RouterVersion,
    RoutingExample,
    TrainingState,
    VersionState,
)
from routing.scope import EditScope
from wording.numbers import NO_VALUE, format_percent
from wording.times import DisplayTime, relative_time

#: The thresholds (percent) that a person can choose; no probability reaches the last one, so it means never.
THRESHOLD_CHOICES = (50, 60, 70, 80, 85, 90, 95, 98, 101)
#: The thresholds (percent) that the page compares.
COMPARED_THRESHOLDS = (50, 70, 80, 90, 95)
#: The number of shades in a confusion table.
HEAT_STEPS = 5
#: The number of versions on the page.
VERSIONS_SHOWN = 20
_TONES = {VersionState.ACTIVE: "ok", VersionState.REFUSED: "risk", VersionState.RETIRED: ""}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in the list of versions."""

    number: int
    state: str
    tone: str
    is_active: bool
    accuracy: str
    macro_f1: str
    rules_accuracy: str
    rules_macro_f1: str
    examples: str
    verdict: str
    made: DisplayTime
    by: str


@dataclass(frozen=True, slots=True)
class DepartmentExamples:
    """The number of examples of a department.

    `width` is that number as a percentage of the largest department's.
    """

    name: str
    slug: str
    count: int
    width: int


def department_names_by_slug() -> dict[str, str]:
    """Return the departments' names by slug."""
    return dict(Department.objects.values_list("slug", "name"))


def examples_by_department(names: Mapping[str, str]) -> list[DepartmentExamples]:
    """Count the examples by department, largest count first."""
    rows = (
        RoutingExample.objects.values_list("department").annotate(n=Count("pk")).order_by("-n", "department")
    )
    counts = list(rows)
    most = max((count for _, count in counts), default=1)
    return [
        DepartmentExamples(names.get(slug, f"{slug} (gone)"), slug, count, max(round(100 * count / most), 1))
        for slug, count in counts
    ]


def version_rows(now: dt.datetime) -> list[VersionRow]:
    """Read the newest versions as rows for the page."""
    rows = RouterVersion.objects.values(
        "number", "state", "verdict", "examples", "created_at", "created_by__first_name", "created_by__last_name",
        "created_by__username", "metrics__accuracy", "metrics__macro_f1", "metrics__rules_accuracy",
        "metrics__rules_macro_f1",
    )[:VERSIONS_SHOWN]  # fmt: skip
    return [
        VersionRow(
            number=row["number"],
            state=str(VersionState(row["state"]).label),
            tone=_TONES[VersionState(row["state"])],
            is_active=row["state"] == VersionState.ACTIVE,
            accuracy=percent_or_dash(row["metrics__accuracy"]),
            macro_f1=f"{row['metrics__macro_f1']:.2f}",
            rules_accuracy=percent_or_dash(row["metrics__rules_accuracy"]),
            rules_macro_f1=f"{row['metrics__rules_macro_f1']:.2f}",
            examples=f"{row['examples']:,}",
            verdict=row["verdict"],
            made=relative_time(row["created_at"], now),
            by=_author_name(row),
        )
        for row in rows
    ]


def _author_name(row: Mapping[str, Any]) -> str:
    full = f"{row['created_by__first_name'] or ''} {row['created_by__last_name'] or ''}".strip()
    return full or row["created_by__username"] or "automatic"


@dataclass(frozen=True, slots=True)
class LearningState:
    """The current state: the mode, the active version, and the running or last training."""

    mode: str
    is_off: bool
    is_pinned: bool
    active: VersionRow | None
    training: RouterTraining | None
    is_training: bool
    failed: str
    examples: int
    missing: int


def learning_state(rows: Sequence[VersionRow], examples: int) -> LearningState:
    """Describe the current state of learning.

    Two small statements, in addition to those that read the arguments.
    """
    mode = get_learning_setting().mode
    training = RouterTraining.objects.order_by("-pk").first()
    failed = training is not None and training.state == TrainingState.FAILED
    active = next((row for row in rows if row.is_active), None)
    return LearningState(
        mode=str(LearningMode(mode).label),
        is_off=mode == LearningMode.OFF,
        is_pinned=mode == LearningMode.PINNED,
        active=None if mode == LearningMode.OFF else active,
        training=training,
        is_training=training is not None and training.is_going_on,
        failed=training.progress if failed and training is not None else "",
        examples=examples,
        missing=max(MIN_EXAMPLES - examples, 0),
    )


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """A number in a confusion table.

    `heat` is 0 to `HEAT_STEPS`, by the number's share of its row; `is_right` is True on the diagonal.
    """

    count: int
    heat: int
    is_right: bool
    title: str


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """The departments that messages of one department were sent to.

    `right_share` is the share that was sent to the right one.
    """

    name: str
    cells: tuple[ConfusionCell, ...]
    total: int
    right_share: str


def confusion_table(
    metrics: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[list[str], list[ConfusionRow]]:
    """Return the column headings and the rows.

    A department that is never the right one has a column but no row.
    """
    table = metrics["confusion"]
    heads = [names.get(slug, slug) for slug in table["departments"]]
    rows = []
    for at, (name, counts) in enumerate(zip(heads, table["rows"], strict=True)):
        total = sum(counts)
        if not total:
            continue
        cells = tuple(
            ConfusionCell(count, _heat(count, total), here == at, f"{count} of {name} named {heads[here]}")
            for here, count in enumerate(counts)
        )
        rows.append(ConfusionRow(name, cells, total, percent_or_dash(counts[at] / total)))
    return heads, rows


def _heat(count: int, total: int) -> int:
    return 0 if not count else max(1, min(HEAT_STEPS, -(-HEAT_STEPS * count // total)))


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """A department with its threshold (percent).

    `options` is empty for a reader who may not change it. `compared` describes, for each of `COMPARED_THRESHOLDS`, what it would have decided of the examples.
    """

    name: str
    slug: str
    chosen: str
    outcome: str
    compared: tuple[str, ...]
    options: tuple[tuple[int, str, bool], ...]


def threshold_rows(
    metrics: Mapping[str, Any], thresholds: Mapping[str, Any], names: Mapping[str, str], scope: EditScope
) -> list[ThresholdRow]:
    """Return a row for each department that the router knows.

    Deleted departments have no row.
    """
    outcomes = [(right, named, sure) for right, named, sure in metrics["outcomes"]]
    slugs = sorted({*(right for right, _, _ in outcomes), *(named for _, named, _ in outcomes)} & set(names))
    rows = []
    for slug in sorted(slugs, key=lambda slug: names[slug].casefold()):
        chosen = round(100 * threshold_for(thresholds, slug))
        options = sorted({*THRESHOLD_CHOICES, chosen}) if scope.covers(slug) else []
        rows.append(
            ThresholdRow(
                names[slug],
                slug,
                _threshold_words(chosen),
                _outcome_at_threshold(outcomes, slug, chosen),
                tuple(_outcome_at_threshold(outcomes, slug, percent) for percent in COMPARED_THRESHOLDS),
                tuple((percent, _threshold_words(percent), percent == chosen) for percent in options),
            )
        )
    return rows


def _threshold_words(percent: int) -> str:
    return "Never" if percent > 100 else f"{percent}%"


def _outcome_at_threshold(outcomes: list[tuple[str, str, float]], slug: str, threshold: int) -> str:
    """Describe what a threshold would have decided: "41, 2 wrong"."""
    count, wrong = scoring.count_decided(outcomes, slug, threshold / 100)
    return f"{count:,}, {wrong:,} wrong" if count else "none"


def percent_or_dash(share: float | None) -> str:
    """Return a share as "81%"; "–" for None."""
    return NO_VALUE if share is None else format_percent(share)
