"""Numbers as text: one function for each form that is shown.

A percent sign follows its number without a space, on every page.
"""

from __future__ import annotations

import math

#: Shown where there is no number.
NO_VALUE = "–"


def format_percent(share: float) -> str:
    """Return a share from 0 to 1 as "81%".

    A half is rounded up: 23 of 40 is 57.49999… as a float, and 58% all the same.
    """
    return f"{math.floor(100 * share + 0.5 + 1e-9)}%"


def format_count(number: int, thing: str) -> str:
    """Return "1 case", "1,204 cases"; `thing` is a word that takes an "s"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def format_probability(probability: float) -> str:
    """Return a probability as "81%", at most 99%: the router is never certain."""
    return f"{min(round(100 * probability), 99)}%"


def format_coverage(share: float | None) -> str:
    """Return a share as "81%", rounded down, "–" for None.

    100% means that everything is covered.
    """
    return NO_VALUE if share is None else f"{int(share * 100)}%"


def format_share(part: float, whole: float) -> str:
    """Return `part` of `whole` as "81%"; "–" when `whole` is zero."""
    return format_percent(part / whole) if whole else NO_VALUE
