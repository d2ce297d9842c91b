"""The sizes of a test run: quick, whole, full.

* `manage.py test --quick`: an answer in two minutes on two processors, for daily work. It leaves out the tests that are
  marked `browser` or `slow` and tries fewer examples of each Hypothesis property. Its last lines say how many, so
  that nobody mistakes it for the whole suite.
* `manage.py test`: the whole suite.
* `manage.py test --full`: the same tests with everything that the others sample: more kills, more examples, every page
  as every person. It takes hours; `choose_size` gives a test its two sizes.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

T = TypeVar("T")

OPTION = "--quick"
FULL_OPTION = "--full"
#: The Hypothesis profiles: examples per property in the whole suite, in a quick run, and in a full one.
EXAMPLES = {"suite": 100, "quick": 10, "full": 1000}
#: Markers of the tests that a quick run leaves out, with the reason. A test with both counts for the first.
LEFT_OUT_MARKERS = {
    "browser": "that need a browser",
    "slow": "that are slow: they start and kill processes, walk through every form, or calculate for long",
}


def load_hypothesis_profile(name: str) -> None:
    """Register the Hypothesis profiles and load the one of this name.

    None has a deadline: on a busy machine properties that hold would fail.
    """
    for profile, examples in EXAMPLES.items():
        settings.register_profile(
            profile, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        )
    settings.load_profile(name)


def choose_size(usual: T, *, full: T) -> T:
    """Return `usual`, or `full` in a full run.

    May be called where a test module is imported: the profile of the run is loaded before.
    """
    return full if settings().max_examples >= EXAMPLES["full"] else usual


def scale_examples(number: int) -> int:
    """Return a number of examples scaled to this run, at least one.

    For `@settings(max_examples=scale_examples(300))`: a plain number would not be reduced in a quick run.
    """
    return max(1, number * settings().max_examples // EXAMPLES["suite"])


def leave_out_items(items: list[pytest.Item]) -> tuple[list[pytest.Item], Counter[str]]:
    """Remove the tests that a quick run leaves out from `items`.

    Returns the removed tests, and their number per marker.
    """
    remaining: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    numbers: Counter[str] = Counter()
    for item in items:
        marker = next((name for name in LEFT_OUT_MARKERS if item.get_closest_marker(name)), None)
        if marker is None:
            remaining.append(item)
        else:
            left_out.append(item)
            numbers[marker] += 1
    items[:] = remaining
    return left_out, numbers


def describe_quick_run(numbers: dict[str, int]) -> list[str]:
    """Return the lines that say what a quick run left out.

    `numbers` are those of `leave_out_items`.
    """
    reasons = [f"{numbers.get(name, 0)} {reason}" for name, reason in LEFT_OUT_MARKERS.items()]
    return [
        f"Left out {sum(numbers.values())} tests:",
        *(f"  {reason}" for reason in reasons),
        f"Tried {EXAMPLES['quick']} examples per property, where the whole suite tries {EXAMPLES['suite']}.",
        "Before a change lands: python3 manage.py test",
    ]
