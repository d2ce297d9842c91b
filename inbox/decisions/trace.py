"""The reasons why a case is where it is, in chronological order: decisions, playbook answers, departments that held
it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models import Department
from inbox.models import Case, CasePlaybook, Custody, Decision
from inbox.models.case import CaseQuerySet
from routing.playbook.tree import Outcome, walk_playbook
from routing.playbook.versions import load_playbook_version


def trace_case(case: Case) -> dict[str, Any]:
    """Plain data, ready for JSON: `case`, `decisions`, `custody` and `playbook` (None when nobody began it); times
    as ISO, UTC; departments as slugs, which `names` has the names of. Six statements. Holds no customer's words; whether somebody may read it is the caller's to ask.
    """
    return {
        "case": case.pk,
        "status": case.status,
        "department": case.department.slug,
        "names": dict(Department.objects.values_list("slug", "name")),
        "decisions": [_decision_entry(decision) for decision in _load_decisions(case)],
        "custody": [_custody_entry(custody) for custody in _load_custodies(case)],
        "playbook": _playbook_entry(case),
    }


def cases_without_trace() -> CaseQuerySet:
    """Filter cases that cannot say why they are where they are. No decision about any message, or nobody who
    had them.
    """
    decided = Exists(Decision.objects.filter(case=OuterRef("pk")))
    has_custody = Exists(Custody.objects.filter(case=OuterRef("pk")))
    return Case.objects.filter(~Q(decided) | ~Q(has_custody))


def _load_decisions(case: Case) -> Any:
    return Decision.objects.filter(case=case).select_related("department").order_by("at", "pk")


def _decision_entry(decision: Decision) -> dict[str, Any]:
    return {
        "message": decision.message_id,
        "at": _iso(decision.at),
        "by": decision.decided_by,
        "department": decision.department.slug,
        "rule": decision.rule_name,
        "rules_version": decision.version,
        "reasons": decision.reasons,
    }


def _load_custodies(case: Case) -> Any:
    people = ("department", "from_department", "sent_by", "accepted_by")
    return Custody.objects.filter(case=case).select_related(*people).order_by("sent_at", "pk")


def _custody_entry(custody: Custody) -> dict[str, Any]:
    return {
        "department": custody.department.slug,
        "from": custody.from_department.slug if custody.from_department else "",
        "sent_at": _iso(custody.sent_at),
        "sent_by": str(custody.sent_by or ""),
        "accepted_at": _iso(custody.accepted_at),
        "accepted_by": str(custody.accepted_by or ""),
        "left_at": _iso(custody.left_at),
        "reason": custody.reason,
        "wrong_department": custody.wrong_department,
    }


def _playbook_entry(case: Case) -> dict[str, Any] | None:
    state = CasePlaybook.objects.filter(case=case).first()
    if state is None or not state.answers:
        return None
    number, tree = load_playbook_version(state.version_id)
    walked = walk_playbook(tree, [str(answer.get("answer")) for answer in state.answers], state.start)
    return {
        "version": number,
        "answers": [
            {
                "question": question.text,
                "answer": words,
                "by": answer.get("who", ""),
                "at": answer.get("at", ""),
            }
            for (question, words), answer in zip(walked.answered, state.answers, strict=False)
        ],
        "outcome": walked.position.name if isinstance(walked.position, Outcome) else "",
    }


def _iso(at: dt.datetime | None) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at else ""


def trace_lines(explanation: dict[str, Any]) -> list[str]:
    """Return a trace as lines in the order of time."""
    lines, names = [], explanation["names"]
    for entry in explanation["decisions"]:
        why = "; ".join(str(reason) for reason in entry["reasons"])
        lines.append(
            (
                entry["at"],
                f"decided for message {entry['message']}: {names[entry['department']]} ({entry['by']}): {why}",
            )
        )
    for entry in explanation["custody"]:
        came = (
            f"from {names[entry['from']]} by {entry['sent_by'] or 'the system'}: {entry['reason']}"
            if entry["from"]
            else "first"
        )
        where = names[entry["department"]]
        lines.append((entry["sent_at"], f"{where} has it, {came}"))
        if entry["accepted_at"]:
            lines.append((entry["accepted_at"], f"{where} accepted it ({entry['accepted_by']})"))
    played = explanation["playbook"] or {"answers": [], "outcome": ""}
    lines += [
        (entry["at"], f"{entry['by']} answered “{entry['question']}” with “{entry['answer']}”")
        for entry in played["answers"]
    ]
    dated_lines = [f"{at[:19]}  {line}" for at, line in sorted(lines, key=lambda line: line[0])]
    return [*dated_lines, f"The playbook says: {played['outcome']}"] if played["outcome"] else dated_lines
