"""Numbers as text: one function for each form that is shown.

A percent sign follows its number without a space, on every page.
"""

from __future__ import annotations

import math

#: Of fewer than so many a rate is shown as its two numbers, without a percent sign, and compared with nothing.
FEWEST = 5
#: Shown where there is no number.
NO_VALUE = "–"


def format_percent(share: float) -> str:
    """Return a share from 0 to 1 as "81%".

    A half is rounded up: 23 of 40 is 57.49999… as a float, and 58% all the same.
    """
    return f"{math.floor(100 * share + 0.5 + 1e-9)}%"


def format_rate(part: int, whole: int) -> str:
    """Return a rate as "81%", or as "3 of 4".

    The latter of fewer than `FEWEST`: one case more would make another percentage of so few. "–" of none.
    """
    return f"{part:,} of {whole:,}" if 0 < whole < FEWEST else format_share(part, whole)


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
