"""What becomes of messages that a rule calls noise: their case is closed as it opens, with its event and its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from inbox.ingest.threads import CaseState
from inbox.models import Status, Verb
from routing.facts import Decision

#: How the reason of such a closing begins. Nobody read the case, so nothing else may vanish into it.
NOISE_PREFIX = "Noise, says the rule "


def joinable_cases(cases: Iterable[CaseState], decision: Decision) -> Iterable[CaseState]:
    """The cases that a message may join: noise joins any, everything else none that was closed as noise."""
    if decision.dismiss:
        return cases
    return [
        case for case in cases if case.closed_at is None or not case.close_reason.startswith(NOISE_PREFIX)
    ]


def dismiss_as_noise(case: CaseState, decision: Decision, canonical_id: str, now: dt.datetime) -> None:
    """Close a case that is being opened."""
    reason = f"{NOISE_PREFIX}“{decision.rule_name}”"[:200]
    case.status, case.closed_at, case.close_reason = Status.DISMISSED, now, reason
    case.waiting_since = None
    case.events.append((Verb.DISMISSED, None, {"canonical_id": canonical_id, "reason": reason}))
