"""The learned router's opinion, within seconds after the rules have routed a message.

If the rules' decision is weak and the router is sure, the case moves unless somebody has touched it; if the router
disagrees but may not decide, it leaves a suggestion. Decisions are weighed in order, each once: a run locks the
waiting ones and skips those locked by another run. While no router is active, none wait.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import Department
from inbox.cases import custody
from inbox.changes.change import change_case
from inbox.message_facts import FACTS_OF_DECISIONS
from inbox.models import Case, CaseEvent, Custody, Decision, RoutingSuggestion, SecondLook, Verb
from routing.classifier.features import Votes
from routing.classifier.router import Guess
from routing.facts import Facts
from routing.learning.active import WORTH_SHOWING, ActiveRouter, get_active_router
from routing.learning.votes import rule_votes
from routing.refusals import RuleSetError
from routing.rules import versions
from routing.rules.engine import CompiledRules
from wording.numbers import format_probability

logger = logging.getLogger(__name__)

#: Decisions weighed in one transaction, and transactions in one run.
WEIGH_BATCH_SIZE, BATCHES_PER_RUN = 50, 20
#: After this long every earlier transaction has ended: storing a page may hold its stream no longer.
DECISIONS_SETTLE_AFTER = dt.timedelta(minutes=2)
_WEIGHED_KINDS = ("rule", "default")
_COLUMNS = ("id", "case_id", "case__created_at", "reasons", "trace")


def weigh_new_decisions(now: dt.datetime) -> int:
    """Weigh what waits; how many decisions."""
    active = get_active_router()
    if active is None:
        _skip_new_decisions()
        return 0
    try:
        rules = versions.live_rules()
    except RuleSetError:
        return 0
    weighed = 0
    for _ in range(BATCHES_PER_RUN):
        count = _weigh_batch(active, rules, now)
        weighed += count
        if count < WEIGH_BATCH_SIZE:
            break
    return weighed


def _skip_new_decisions() -> None:
    """Only the rules decide: what comes in meanwhile waits for nobody."""
    newest = Decision.objects.aggregate(id=Max("id"))["id"] or 0
    if not SecondLook.objects.filter(pk=1, decision_id__gte=newest).exists():
        SecondLook.objects.update_or_create(pk=1, defaults={"decision_id": newest})


def _weigh_batch(active: ActiveRouter, rules: CompiledRules, now: dt.datetime) -> int:
    with transaction.atomic():
        look = SecondLook.objects.filter(pk=1).first()
        after = look.decision_id if look is not None else 0
        waiting = Decision.objects.filter(
            id__gt=after, weighed_at__isnull=True, decided_by__in=_WEIGHED_KINDS
        )
        locked = waiting.order_by("id").select_for_update(skip_locked=True, of=("self",))
        ids = list(locked.values_list("id", flat=True)[:WEIGH_BATCH_SIZE])
        decisions = Decision.objects.filter(id__in=ids).order_by("case_id", "id")
        for row in FACTS_OF_DECISIONS.select(decisions, *_COLUMNS):
            if row["trace"]:
                # The run's `now` may be earlier than the time at which this page was stored.
                _weigh_decision(row, active, rules, max(now, row["case__created_at"]))
        Decision.objects.filter(id__in=ids).update(weighed_at=now)
        if not ids:
            _advance_marker(after, now)
    return len(ids)


def _advance_marker(after: int, now: dt.datetime) -> None:
    """Go on from the newest decision before which no more can appear."""
    old = Decision.objects.filter(id__gt=after, at__lt=now - DECISIONS_SETTLE_AFTER).aggregate(id=Max("id"))[
        "id"
    ]
    if (
        old is not None
        and not Decision.objects.filter(
            id__gt=after, id__lte=old, weighed_at__isnull=True, decided_by__in=_WEIGHED_KINDS
        ).exists()
    ):
        SecondLook.objects.update_or_create(pk=1, defaults={"decision_id": old})


@dataclass(frozen=True, slots=True)
class _Opinion:
    """The router's opinion on one message; `words` are the evidence for it."""

    best: Guess
    words: tuple[str, ...]
    decides: bool


def _form_opinion(facts: Facts, votes: Votes, active: ActiveRouter) -> _Opinion | None:
    """Return the router's opinion where it differs from the rules. None when it agrees, or is too unsure to
    be shown.
    """
    best = active.router.guess(facts.text, votes)[0]
    if best.department == votes.department or best.probability < WORTH_SHOWING:
        return None
    words = active.router.reasons(facts.text, votes, best.department)
    return _Opinion(best, words, active.may_decide_alone(best, votes))


def _weigh_decision(
    row: dict[str, Any], active: ActiveRouter, rules: CompiledRules, now: dt.datetime
) -> None:
    facts = FACTS_OF_DECISIONS.restore(row)
    opinion = _form_opinion(facts, rule_votes(facts, rules), active)
    if opinion is None:
        return
    department = Department.objects.filter(slug=opinion.best.department, is_open=True).first()
    if department is None:
        return
    with change_case(row["case_id"], now=now) as change:
        case = change.case
        if (
            not case.is_open
            or case.historical
            or case.department_id == department.pk
            or case.message_count != 1
        ):
            return
        if opinion.decides and _is_untouched(case):
            reason = learned_reason(opinion.words, department.name, opinion.best.probability, active.number)
            before = case.department
            custody.transfer_custody(change, department, reason[:300], wrong_department=False, routed=True)
            change.from_department_id = before.pk
            change.set(department=department, assignee=None, hint="")
            places = {
                "from": before.name,
                "from_id": before.pk,
                "to": department.name,
                "to_id": department.pk,
            }
            change.record(Verb.ROUTED, {**places, "reason": reason, "learned": active.number})
            Decision.objects.filter(pk=row["id"]).update(
                decided_by="learned", department=department, reasons=[reason, *row["reasons"]]
            )
        else:
            _store_suggestion(case, department, opinion, active.number, now)
            change.set(hint=f"{department.name[:90]}? {format_probability(opinion.best.probability)}")


def _is_untouched(case: Case) -> bool:
    """Nobody has accepted it, and no person has done anything with it."""
    custodies = Custody.objects.filter(case=case)
    if (
        custodies.filter(accepted_at__isnull=False).exists()
        or custodies.filter(from_department__isnull=False).exists()
    ):
        return False
    return not CaseEvent.objects.filter(case=case, actor__isnull=False).exists()


def _store_suggestion(
    case: Case, department: Department, opinion: _Opinion, version: int, now: dt.datetime
) -> None:
    values = {
        "department": department,
        "probability": opinion.best.probability,
        "words": list(opinion.words),
        "version": version,
        "at": now,
    }
    RoutingSuggestion.objects.get_or_create(case=case, defaults=values)


def learned_reason(words: tuple[str, ...], department: str, probability: float, version: int) -> str:
    """Say in a sentence why the router sends a message somewhere."""
    evidence = " and ".join(f"“{word}”" for word in words) or "the text as a whole"
    return f"Learned from corrections: {evidence} → {department} ({format_probability(probability)}, router version {version})"
