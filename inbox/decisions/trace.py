"""Why a case is where it is, from first to last: what was decided, what people answered, who had it."""

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
    as ISO, UTC; departments as slugs, which `names` has the names of. Six statements. Holds no customer's words; whether somebody may read it is the caller's to ask."""
    return {
        "case": case.pk,
        "status": case.status,
        "department": case.department.slug,
        "names": dict(Department.objects.values_list("slug", "name")),
        "decisions": [_decision_entry(one) for one in _load_decisions(case)],
        "custody": [_custody_entry(one) for one in _load_custodies(case)],
        "playbook": _playbook_entry(case),
    }


def cases_without_trace() -> CaseQuerySet:
    """Cases that cannot say why they are where they are: no decision about any message, or nobody who had them."""
    decided = Exists(Decision.objects.filter(case=OuterRef("pk")))
    held = Exists(Custody.objects.filter(case=OuterRef("pk")))
    return Case.objects.filter(~Q(decided) | ~Q(held))


def _load_decisions(case: Case) -> Any:
    return Decision.objects.filter(case=case).select_related("department").order_by("at", "pk")


def _decision_entry(one: Decision) -> dict[str, Any]:
    return {
        "message": one.message_id,
        "at": _iso(one.at),
        "by": one.decided_by,
        "department": one.department.slug,
        "rule": one.rule_name,
        "rules_version": one.version,
        "reasons": one.reasons,
    }


def _load_custodies(case: Case) -> Any:
    people = ("department", "from_department", "sent_by", "accepted_by")
    return Custody.objects.filter(case=case).select_related(*people).order_by("sent_at", "pk")


def _custody_entry(one: Custody) -> dict[str, Any]:
    return {
        "department": one.department.slug,
        "from": one.from_department.slug if one.from_department else "",
        "sent_at": _iso(one.sent_at),
        "sent_by": str(one.sent_by or ""),
        "accepted_at": _iso(one.accepted_at),
        "accepted_by": str(one.accepted_by or ""),
        "left_at": _iso(one.left_at),
        "reason": one.reason,
        "wrong_department": one.wrong_department,
    }


def _playbook_entry(case: Case) -> dict[str, Any] | None:
    state = CasePlaybook.objects.filter(case=case).first()
    if state is None or not state.answers:
        return None
    number, tree = load_playbook_version(state.version_id)
    walked = walk_playbook(tree, [str(one.get("answer")) for one in state.answers], state.start)
    return {
        "version": number,
        "answers": [
            {"question": asked.text, "answer": said, "by": one.get("who", ""), "at": one.get("at", "")}
            for (asked, said), one in zip(walked.answered, state.answers, strict=False)
        ],
        "outcome": walked.position.name if isinstance(walked.position, Outcome) else "",
    }


def _iso(at: dt.datetime | None) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at else ""


def trace_lines(found: dict[str, Any]) -> list[str]:
    """A trace as lines in the order of time."""
    lines, names = [], found["names"]
    for one in found["decisions"]:
        why = "; ".join(str(reason) for reason in one["reasons"])
        lines.append(
            (
                one["at"],
                f"decided for message {one['message']}: {names[one['department']]} ({one['by']}): {why}",
            )
        )
    for one in found["custody"]:
        came = (
            f"from {names[one['from']]} by {one['sent_by'] or 'the system'}: {one['reason']}"
            if one["from"]
            else "first"
        )
        where = names[one["department"]]
        lines.append((one["sent_at"], f"{where} has it, {came}"))
        if one["accepted_at"]:
            lines.append((one["accepted_at"], f"{where} accepted it ({one['accepted_by']})"))
    played = found["playbook"] or {"answers": [], "outcome": ""}
    lines += [
        (one["at"], f"{one['by']} answered “{one['question']}” with “{one['answer']}”")
        for one in played["answers"]
    ]
    told = [f"{at[:19]}  {line}" for at, line in sorted(lines, key=lambda line: line[0])]
    return [*told, f"The playbook says: {played['outcome']}"] if played["outcome"] else told
