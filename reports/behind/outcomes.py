"""The lists behind the numbers of outcomes: answered exchanges by what followed, hanging cases, cases opened again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from accounts.models import User
from reports.behind.lists import LONGEST, NumberList
from reports.filters import Filters
from reports.measures.closings import closing_units
from reports.measures.outcomes import AFTER, BANDS, DEEDS, TONES, Outcome, outcome_units
from reports.periods import Period

#: What an address may ask of an outcome, with the values of each. `known` leaves out what may still change.
_CHOICES: dict[str, tuple[str, ...]] = {
    "deed": DEEDS,
    "before": TONES,
    "after": AFTER,
    "band": tuple(str(number) for number in range(len(BANDS) + 1)),
    "shift": ("better", "same", "worse", "silent", "unread"),
    "wrote": ("yes", "no"),
    "liked": ("yes", "no"),
    "good": ("yes", "no"),
    "known": ("yes", "no"),
}
_WORDS = {
    "deed": {
        "thanked": "then gave thanks", "fixed": "then said it is fixed", "again": "then wrote again", "escalated": "then escalated",
        "silent": "then silent for 72 h", "unripe": "answered less than 72 h ago, silent so far",
    },
    "before": {tone: f"{tone} before" for tone in TONES},
    "after": {**{tone: f"{tone} after" for tone in TONES}, "silent": "no message within 72 h"},
    "band": {"0": "answered within 15 min", "1": "answered after 15 min to 1 h", "2": "answered after 1 to 24 h", "3": "answered after more than a day"},
    "shift": {"better": "tone better than before", "same": "tone as before", "worse": "tone worse than before", "silent": "no message within 72 h", "unread": "tone not read"},
    "wrote": {"yes": "the customer wrote again", "no": "the customer did not write again"},
    "liked": {"yes": "loved or liked", "no": "neither loved nor liked"},
    "good": {"yes": "then thanks, or said to be fixed", "no": "then neither thanks nor said to be fixed"},
    "known": {"yes": "", "no": ""},
}  # fmt: skip


def value_of(outcome: Outcome, name: str) -> str:
    """Return the value of an outcome for a name of an address."""
    if name in ("deed", "before", "after", "band", "shift"):
        return str(getattr(outcome, name))
    truth = {
        "wrote": outcome.wrote,
        "liked": outcome.liked,
        "good": outcome.deed in ("thanked", "fixed"),
        "known": outcome.deed != "unripe",
    }[name]
    return "yes" if truth else "no"


def choose_outcomes(asked: Mapping[str, str]) -> Callable[[Outcome], bool]:
    """Return whether an outcome is one of those that are asked for."""
    return lambda outcome: all(value_of(outcome, name) == value for name, value in asked.items())


def _outcomes(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    asked = {name: query[name] for name in _CHOICES if query.get(name)}
    if any(value not in _CHOICES[name] for name, value in asked.items()):
        return None
    words = ", ".join(filter(None, (_WORDS[name][value] for name, value in asked.items())))
    return NumberList(
        f"Answered exchanges{': ' if words else ''}{words}",
        "exchanges",
        outcome_units(user, period, filters, choose_outcomes(asked), now=now),
        LONGEST,
        at_label="Arrived",
        span_label="Answered after",
    )


def _closed(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    kinds = {
        "hanging": ("Hanging: closed on the customer’s last public word", ("hanging",), None),
        "all": ("Closed cases", ("hanging", "settled"), None),
        "reopened": ("Opened again after an answer", None, ("reopened",)),
        "answered": ("Resolved after an answer", None, ("reopened", "stayed")),
    }
    if query.get("end") not in kinds:
        return None
    title, ends, returns = kinds[query["end"]]
    chosen = {name: each for name, each in (("ends", ends), ("returns", returns)) if each}
    units = closing_units(user, period, filters, **chosen)
    return NumberList(title, "cases", units, at_label="Arrived", span_label="Until closed")


#: By `of` in the address; the page of these numbers is that of outcomes and topics.
KINDS = {"outcome": _outcomes, "closing": _closed}
