"""The clocks of the cases of one page of messages, between reading and writing."""

from __future__ import annotations

from typing import Any

from inbox.changes.clocks import compute_clock_values
from inbox.ingest.intake import Intake
from inbox.ingest.threads import CaseState
from inbox.models import Verb
from routing.service_levels.policies import ServiceLevels

_ANSWER_VERBS = (Verb.ANSWERED, Verb.ANSWERED_NATIVELY)


def set_clocks(intake: Intake, known: ServiceLevels) -> None:
    """Set the clocks of every case that the page changed; those that an answer ended are told in its event."""
    for case in [*intake.opened, *intake.cases.values()]:
        if not case.touched:
            continue
        values, ended = compute_clock_values(case, intake.header.network, known, intake.now)
        for name, value in values.items():
            setattr(case, name, value)
        if ended:
            _attach_ended_clocks(case, ended)


def _attach_ended_clocks(case: CaseState, ended: list[dict[str, Any]]) -> None:
    for verb, _, data in reversed(case.events):
        if verb in _ANSWER_VERBS:
            data["clocks"] = ended
            return
