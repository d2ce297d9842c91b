"""Numbers of escalation steps: a step keeps its own while its policy is edited, so that what has happened to a case is
known by what it was, not by its place among the others. No two steps share one, nor does a new step get a removed one's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from routing.models import SLAPolicy, SLAVersion
from routing.service_levels.policies import FIRST_STEP

#: Steps a policy may have; numbers below this are places in policies that were stored without numbers.
_MAX_STEPS = 4
#: What fits into the column that remembers them, `inbox.models.Escalation.step`.
_MAX_NUMBER = 32_000


def step_number(step: dict[str, Any], place: int) -> int:
    """The number of a stored step, which has `place` (from 0) in its policy."""
    return step.get("number") or FIRST_STEP + place


def number_steps(
    steps: Iterable[dict[str, Any]], before: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The steps with their numbers: those that they had in `before`, the policy as stored, new ones for all others."""
    known = {step_number(one, place) for place, one in enumerate(before)}
    fresh, found = _unused_numbers(known), list[dict[str, Any]]()
    for one in steps:
        number = one.get("number")
        if number in known:
            known.discard(number)
        else:
            number = next(fresh)
        found.append({**one, "number": number})
    return found


def _unused_numbers(known: Iterable[int]) -> Iterator[int]:
    taken = {
        one.get("number") for steps in SLAPolicy.objects.values_list("steps", flat=True) for one in steps
    }
    taken |= set(known)
    version = SLAVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
    lowest = FIRST_STEP + _MAX_STEPS
    place = version * _MAX_STEPS
    while True:
        number = lowest + place % _MAX_NUMBER
        if number not in taken:
            yield number
        place += 1
