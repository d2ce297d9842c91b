"""Learning items that the demo company has by the time it begins: one that shipped, one with its owner, one being collected."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import Department, Role, User
from inbox.models import (
    Case,
    CaseEvent,
    Direction,
    ItemDecision,
    ItemState,
    LearningEvent,
    LearningItem,
    LearningLink,
    LearningVerb,
    Message,
    RepeatsBy,
    Verb,
)
from wording.times import company_zone, short_date_with_year

DAY = dt.timedelta(days=1)
#: Cases that were linked to an item; people stop when it is clear.
_MOST_LINKED = 40


@dataclass(frozen=True, slots=True)
class PastItem:
    """An item: what customers say, the words by which their cases are found, whose it is, and how far it came."""

    title: str
    words: str
    department: str
    state: ItemState
    #: Days before the beginning of the demo.
    proposed: int
    shipped: int = 0
    reason: str = ""
    what_changed: str = ""


ITEMS = (
    PastItem(
        "The cord of the Fern Toaster 4 gets hot",
        "Fern Toaster 4",
        "product",
        ItemState.SHIPPED,
        proposed=18,
        shipped=13,
        reason="It is dangerous. Every toaster of this model comes back.",
        what_changed="Every Fern Toaster 4 is taken back, and the new ones have a thicker cord",
    ),
    PastItem(
        "Cards are charged twice", "charged my card twice", "billing", ItemState.WITH_OWNER, proposed=30
    ),
    PastItem("The app is empty after signing in", "empty page", "tech", ItemState.COLLECTING, proposed=9),
)


def write_items(began: dt.datetime) -> None:
    """Write the items with their histories; those whose department is not there are left out."""
    for item in ITEMS:
        department = Department.objects.filter(slug=item.department).first()
        people = list(User.objects.filter(role=Role.AGENT, memberships__department=department).order_by("pk"))
        cases = _cases_with(item.words, began)
        if department is not None and people and cases:
            _write_item(item, department, people[-1], cases, began)


def _cases_with(words: str, began: dt.datetime) -> list[tuple[Case, int]]:
    """Return cases in which a customer says it, with the message; the newest first."""
    messages = Message.objects.filter(
        text__contains=words, direction=Direction.INBOUND, network_time__lt=began
    ).select_related("case")
    newest = messages.order_by("-network_time")[: 2 * _MOST_LINKED]
    by_case = {message.case_id: (message.case, message.pk) for message in newest}
    return list(by_case.values())[:_MOST_LINKED]


def _write_item(
    past: PastItem, department: Department, owner: User, cases: list[tuple[Case, int]], began: dt.datetime
) -> None:
    proposed, is_owned = began - past.proposed * DAY, past.state != ItemState.COLLECTING
    shipped_at = began - past.shipped * DAY if past.shipped else None
    item = LearningItem.objects.create(
        title=past.title,
        department=department,
        state=past.state,
        owner=owner if is_owned else None,
        due_on=(began + 3 * DAY).date() if past.state == ItemState.WITH_OWNER else None,
        decision=ItemDecision.WILL_CHANGE if past.reason else "",
        reason=past.reason,
        shipped_on=shipped_at.astimezone(company_zone()).date() if shipped_at else None,
        what_changed=past.what_changed,
        repeats_by=RepeatsBy.WORDS,
        repeats_of=past.words,
        created_at=proposed,
        changed_at=shipped_at or proposed + DAY,
    )
    _write_links(item, owner, cases, began)
    _write_history(item, owner, len(cases), proposed)


def _write_links(item: LearningItem, by: User, cases: list[tuple[Case, int]], began: dt.datetime) -> None:
    links = [
        LearningLink(
            item=item,
            case=case,
            quote_id=quote,
            by=by,
            at=min(max(case.opened_at, item.created_at) + DAY / 8, began),
        )
        for case, quote in cases
    ]
    LearningLink.objects.bulk_create(links)
    CaseEvent.objects.bulk_create(
        CaseEvent(
            case=link.case,
            at=link.at,
            verb=Verb.LEARNING_LINKED,
            actor=by,
            data={"item": item.pk, "title": item.title, "version": link.case.version},
        )
        for link in links
    )


def _write_history(item: LearningItem, owner: User, linked: int, proposed: dt.datetime) -> None:
    lines: list[tuple[LearningVerb, dict[str, object]]] = [
        (LearningVerb.CREATED, {"title": item.title}),
        (LearningVerb.LINKED, {"cases": linked}),
    ]
    if item.owner_id:
        until = short_date_with_year(item.due_on) if item.due_on else ""
        lines.append((LearningVerb.GIVEN, {"to": str(owner), "until": until}))
    if item.decision:
        lines.append((LearningVerb.DECIDED, {"decision": item.get_decision_display(), "reason": item.reason}))
    if item.shipped_on:
        on = short_date_with_year(item.shipped_on)
        lines.append((LearningVerb.SHIPPED, {"on": on, "what": item.what_changed}))
    LearningEvent.objects.bulk_create(
        LearningEvent(item=item, at=proposed + place * DAY, verb=verb, actor=owner, data=data)
        for place, (verb, data) in enumerate(lines)
    )
