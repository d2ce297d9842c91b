"""Numbers of escalation steps.

A step keeps its number while its policy is edited, because the history of a case refers to the step and not
to its place in the list. No two steps share a number, and a new step never gets the number of a removed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from routing.models import SLAPolicy, SLAVersion
from routing.service_levels.policies import FIRST_STEP

#: The most steps in a policy. Numbers below this are places, in policies that were stored without numbers.
_MAX_STEPS = 4
#: The largest number, limited by the column that stores it, `inbox.models.Escalation.step`.
_MAX_NUMBER = 32_000


def step_number(step: dict[str, Any], place: int) -> int:
    """Return the number of a stored step.

    A step stored without a number is numbered by its `place` in the policy (from 0).
    """
    return step.get("number") or FIRST_STEP + place


def number_steps(
    steps: Iterable[dict[str, Any]], before: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return the steps with their numbers.

    A step keeps its number from `before`, the steps of the stored policy; all others get new numbers.
    """
    old_numbers = {step_number(step, place) for place, step in enumerate(before)}
    unused_numbers, numbered = _unused_numbers(old_numbers), list[dict[str, Any]]()
    for step in steps:
        number = step.get("number")
        if number in old_numbers:
            old_numbers.discard(number)
        else:
            number = next(unused_numbers)
        numbered.append({**step, "number": number})
    return numbered


def _unused_numbers(old_numbers: Iterable[int]) -> Iterator[int]:
    used = {
        step.get("number") for steps in SLAPolicy.objects.values_list("steps", flat=True) for step in steps
    }
    used |= set(old_numbers)
    version = SLAVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
    lowest = FIRST_STEP + _MAX_STEPS
    place = version * _MAX_STEPS
    while True:
        number = lowest + place % _MAX_NUMBER
        if number not in used:
            yield number
        place += 1
