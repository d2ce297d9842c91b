"""Ask for approval of an answer, or refuse one that would leave without it."""

from __future__ import annotations

from accounts.models import User
from inbox.approval_rules import reasons as why
from inbox.approval_rules.approvers import approvers_of, may_approve
from inbox.approval_rules.requests import make_request
from inbox.changes.change import Change
from inbox.changes.refusals import Invalid
from inbox.models import NoticeKind, Reply, ReplyState, Verb
from inbox.notices.notify import notify_grouped
from wording.times import long_zoned_time


def mark_for_approval(reply: Reply, *, asks_approval: bool, approved_by: User | None) -> list[str]:
    """Make an unsaved answer pending if it needs approval; return why, [] if it does not.

    `approved_by` has approved the text before: with the right to do so in its case, that is enough.
    """
    reasons = why.read_reasons(reply.case_id, reply.author)
    if not reasons and not asks_approval:
        return []
    reply.needs_approval = True
    if approved_by is not None and may_approve(approved_by, reply, reply.author_id):
        reply.approved_by = approved_by
    else:
        reply.state = ReplyState.PENDING
    return reasons or [why.ASKED_FREELY]


def ask_for_approval(change: Change, reply: Reply, reasons: list[str]) -> None:
    """Store the request of a saved answer, its event and notices."""
    make_request(reply, reasons, change.now, approved_by=reply.approved_by)
    if reply.approved_by is not None:
        change.record(Verb.APPROVED, {"reply": reply.pk, "of": str(reply.author)}, actor=reply.approved_by)
        return
    at = {"at": reply.planned_at.isoformat()} if reply.planned_at is not None else {}
    change.record(Verb.APPROVAL_ASKED, {"reply": reply.pk, "reason": "; ".join(reasons)} | at)
    people = approvers_of(change.case).exclude(pk=reply.author_id).values_list("pk", flat=True)
    customer = change.case.identity.display_name
    when = f" It is for {long_zoned_time(reply.planned_at)}." if reply.planned_at is not None else ""
    text = f"{reply.author} asks for approval of an answer to {customer}. {'; '.join(reasons)}.{when}"
    notify_grouped(
        people, change.case, change.case.department_id, NoticeKind.TO_APPROVE, text,
        key=f"to_approve:{reply.pk}", now=change.now,
    )  # fmt: skip


def why_not_without_approval(reply: Reply) -> str:
    """Return why an answer may not leave unapproved, "" if it may.

    No statement for one that was approved.
    """
    if reply.approved_by_id is not None:
        return ""
    reasons = why.read_reasons(reply.case_id, reply.author)
    return f"This answer needs approval by now. {'; '.join(reasons)}." if reasons else ""


def require_no_approval(reply: Reply) -> None:
    """Refuse to send an answer that needs approval by now. Raises `Invalid`."""
    if reason := why_not_without_approval(reply):
        raise Invalid(f"{reason} Send its text from the answer box: that asks for it.")
