"""What people's hand-overs teach: a case sent on as misrouted becomes an example of where its first message belongs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.models import Department
from inbox.changes import Change
from inbox.models import Case, Custody, Direction, Message
from routing import corrections
from routing.models import ExampleSource


def learn_from(change: Change, department: Department, *, source: str = ExampleSource.HANDED_OVER) -> None:
    """The case belongs to `department`, from its first message on: remember that, in place of what was said about it before.
    In the transaction of the change. A message that was deleted or says nothing teaches nothing."""
    message = first_message(change.case).select_related("brand_account", "decision").first()
    if message is None:
        corrections.forget_case(change.case.pk)
        return
    corrections.record(
        message.text,
        department.slug,
        source=source,
        by=change.by,
        now=change.now,
        case_id=change.case.pk,
        message_id=message.pk,
        facts=_facts(message),
    )


def relearn(change: Change) -> None:
    """A hand-over was taken back: what the case teaches now is what was said before, if anything was."""
    said = Custody.objects.filter(case=change.case, wrong_department=True).select_related("department")
    last = said.order_by("-sent_at", "-id").first()
    if last is None:
        corrections.forget_case(change.case.pk)
    else:
        learn_from(change, last.department)


def contest(change: Change, department: Department) -> None:
    """`department` sends the case back: that it belongs there is no longer said."""
    corrections.forget_case(change.case.pk, department.slug)


def first_message(case: Case) -> QuerySet[Message]:
    """The message that the case began with, when it is still there."""
    inbound = Message.objects.filter(case=case, direction=Direction.INBOUND, deleted_at__isnull=True)
    return inbound.order_by("network_time", "id")


def _facts(message: Message) -> dict[str, Any]:
    """What the rules could look at when the message came."""
    brand, decision = message.brand_account, getattr(message, "decision", None)
    kept = decision.trace.get("facts", {}) if decision is not None else {}
    where = {"network": brand.network, "stream": message.stream}
    return {**kept, **where, "brand_account": f"{brand.network}:{brand.remote_id}"}
