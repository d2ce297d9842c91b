"""Lessons for the learned router: a case sent on as misrouted becomes an example of where its first message belongs."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Department
from accounts.people.department_tags import find_department_by_tags
from inbox.changes.change import Change
from inbox.message_facts import FACTS_OF_MESSAGES
from inbox.models import Case, Custody, Direction, Message
from routing.learning import corrections
from routing.models import ExampleSource, RoutingExample


def teach_router(change: Change, department: Department, *, source: str = ExampleSource.HANDED_OVER) -> None:
    """Store the case's first message as an example for `department`.

    Replaces what was learned from the case before, in the transaction of the change. A message that was deleted or has
    no words teaches nothing.
    """
    message = FACTS_OF_MESSAGES.select(inbound_messages_oldest_first(change.case), "id", "text").first()
    if message is None:
        corrections.forget_corrections_of_case(change.case.pk)
        return
    corrections.record_correction(
        message["text"],
        department.slug,
        source=source,
        by=change.by,
        now=change.now,
        case_id=change.case.pk,
        message_id=message["id"],
        facts=FACTS_OF_MESSAGES.restore(message),
    )


def reteach_router_after_undo(change: Change) -> None:
    """Teach again what was learned before a hand-over that was taken back. Nothing if nothing was."""
    misroutes = Custody.objects.filter(case=change.case, wrong_department=True).select_related("department")
    last = misroutes.order_by("-sent_at", "-id").first()
    if last is None:
        corrections.forget_corrections_of_case(change.case.pk)
    else:
        teach_router(change, last.department)


def withdraw_lesson(change: Change, department: Department) -> None:
    """Forget that the case belongs to `department`, which sends it back."""
    corrections.forget_corrections_of_case(change.case.pk, department.slug)


def teach_router_from_tags(change: Change, added: list[str]) -> Department | None:
    """Teach the router from new tags. Return the department taught, or None.

    Tags that were put on the case teach when they name one department, another one than routing sent its
    first message to, unless a hand-over or a settled suggestion has taught more. When the remaining tags name
    none any more, what earlier ones taught is forgotten. In the transaction of the change, after it.
    """
    examples = RoutingExample.objects.filter(case_id=change.case.pk)
    if examples.exclude(source=ExampleSource.RETAGGED).exists():
        return None
    if find_department_by_tags(change.case.tags) is None:
        corrections.forget_corrections_of_case(change.case.pk)
        return None
    department = find_department_by_tags(added)
    message = inbound_messages_oldest_first(change.case).select_related("decision").first()
    if department is None or message is None:
        return None
    decision = getattr(message, "decision", None)
    if decision is not None and decision.department_id == department.pk:
        corrections.forget_corrections_of_case(change.case.pk)
        return None
    teach_router(change, department, source=ExampleSource.RETAGGED)
    return department


def inbound_messages_oldest_first(case: Case) -> QuerySet[Message]:
    """Return the customer's messages, oldest first.

    Without deleted ones. The first is the one that the case began with, if it is still there.
    """
    inbound = Message.objects.filter(case=case, direction=Direction.INBOUND, deleted_at__isnull=True)
    return inbound.order_by("network_time", "id")
