"""Compute how surprising a number of cases is, given those of the time before. Pure.

The log-likelihood ratio of Ted Dunning, "Accurate methods for the statistics of surprise and coincidence", Computational
Linguistics 19 (1993): G² = 2 Σ O ln(O ÷ E) over the four cells of the table cases with and without the topic × now and
before, E = row total × column total ÷ all. It holds for small numbers, where the usual χ² does not.
"""

from __future__ import annotations

import math

#: G² that chance exceeds once in a hundred times (χ² with one degree of freedom).
SURPRISING = 6.635


def log_likelihood(now: int, before: int, cases: int, cases_before: int) -> float:
    """Return G² of `now` of `cases` against `before` of `cases_before`; 0.0 when it did not rise, or nothing is known."""
    if not cases or not cases_before or now * cases_before <= before * cases:
        return 0.0
    total, both = cases + cases_before, now + before
    rows = ((now, cases - now, cases), (before, cases_before - before, cases_before))
    score = 0.0
    for present, absent, in_row in rows:
        for observed, column in ((present, both), (absent, total - both)):
            if observed:
                score += observed * math.log(observed * total / (in_row * column))
    return max(2 * score, 0.0)


def expected_count(before: int, cases: int, cases_before: int) -> float:
    """Return how many of `cases` the former share would be."""
    return before * cases / cases_before if cases_before else 0.0
