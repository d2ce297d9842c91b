"""The score of rising topics, against tables computed by hand and by the textbook's formula."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.topics.surprise import SURPRISING, expected_count, log_likelihood


@pytest.mark.parametrize(
    ("now", "before", "cases", "cases_before", "score"),
    [
        # 5 of 100 against 0 of 100: 2 (5 ln 2 + 95 ln(95 ÷ 97.5) + 100 ln(100 ÷ 97.5)).
        (5, 0, 100, 100, 7.0597),
        # 10 of 50 against 10 of 100: E = 6⅔, 13⅓, 43⅓, 86⅔.
        (10, 10, 50, 100, 2.7455),
        (3, 3, 100, 100, 0.0),
        (1, 9, 100, 100, 0.0),
        (5, 0, 0, 100, 0.0),
        (5, 0, 100, 0, 0.0),
        (100, 0, 100, 100, 277.2589),
    ],
)
def test_it_is_what_a_hand_computes(now, before, cases, cases_before, score):
    assert log_likelihood(now, before, cases, cases_before) == pytest.approx(score, abs=1e-3)


def test_expected_is_the_share_of_before():
    assert expected_count(11, 200, 100) == 22
    assert expected_count(11, 200, 0) == 0


TABLES = st.tuples(*[st.integers(0, 400)] * 4).map(lambda t: (t[0], t[1], t[0] + t[2], t[1] + t[3]))


@given(TABLES)
def test_it_is_the_information_of_the_table(table):
    now, before, cases, cases_before = table
    score = log_likelihood(*table)
    if not cases or not cases_before or now / cases <= before / cases_before:
        assert score == 0
        return

    # The same as twice the difference of the best likelihoods of two binomials and of one.
    def likelihood(k, n, p):
        return (k * math.log(p) if k else 0) + ((n - k) * math.log(1 - p) if n - k else 0)

    one = (now + before) / (cases + cases_before)
    separate = likelihood(now, cases, now / cases) + likelihood(before, cases_before, before / cases_before)
    together = likelihood(now, cases, one) + likelihood(before, cases_before, one)
    assert score == pytest.approx(2 * (separate - together), abs=1e-6)


def test_the_limit_is_the_hundredth_of_chance():
    # Of χ² with one degree of freedom, P(x > limit) = erfc(√(limit ÷ 2)).
    assert math.erfc(math.sqrt(SURPRISING / 2)) == pytest.approx(0.01, abs=1e-4)
