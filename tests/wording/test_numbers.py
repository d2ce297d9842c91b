"""Percentages in words."""

from __future__ import annotations

import pytest

from wording.numbers import (
    format_coverage,
    format_percent,
    format_probability,
    format_share,
)


@pytest.mark.parametrize(("share", "words"), [(0.0, "0"), (0.004, "0"), (0.806, "81"), (1.0, "100")])
def test_a_share(share, words):
    assert format_percent(share) == f"{words}%"


@pytest.mark.parametrize(
    ("probability", "words"), [(0.0, "0"), (0.806, "81"), (0.989, "99"), (0.996, "99"), (1.0, "99")]
)
def test_a_probability_is_never_certain(probability, words):
    assert format_probability(probability) == f"{words}%"


def test_a_part_of_a_whole():
    assert format_share(29, 100) == "29%"
    assert format_share(1, 3) == "33%"
    assert format_share(5, 5) == "100%"
    assert format_share(0, 5) == "0%"
    assert (format_share(23, 40), format_percent(23 / 40), format_share(1, 8)) == ("58%", "58%", "13%")


@pytest.mark.parametrize(("share", "words"), [(None, "–"), (0.0, "0%"), (0.999, "99%"), (1.0, "100%")])
def test_coverage_is_full_only_when_nothing_is_missing(share, words):
    assert format_coverage(share) == words


def test_a_part_of_nothing_has_no_share():
    assert format_share(0, 0) == "–"
