"""Numbers as text: one function for each form that is shown.

The percent sign follows a no-break space where a line may break.
"""

from __future__ import annotations

#: Shown where there is no number.
NO_VALUE = "–"


def format_percent(share: float) -> str:
    """Return a share from 0 to 1 as "81\u00a0%"."""
    return f"{round(100 * share)}\u00a0%"


def format_count(number: int, thing: str) -> str:
    """Return "1 case", "1,204 cases"; `thing` is a word that takes an "s"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def format_probability(probability: float) -> str:
    """Return a probability as "81\u00a0%", at most 99 %: the router is never certain."""
    return f"{min(round(100 * probability), 99)}\u00a0%"


def format_coverage(share: float | None) -> str:
    """Return a share as "81 %", rounded down, "–" for None.

    100 % means that everything is covered.
    """
    return NO_VALUE if share is None else f"{int(share * 100)} %"


def format_compact_percent(share: float) -> str:
    """Return a share from 0 to 1 as "81%", without a space."""
    return f"{share:.0%}"


def format_share(part: float, whole: float) -> str:
    """Return `part` of `whole` as "81 %", with an ordinary space; "–" when `whole` is zero."""
    return f"{part / whole:.0%}".replace("%", " %") if whole else NO_VALUE
