"""The page of one learning item, formatted: figures, quotes, cases, the next step, its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts.models import Department, User
from inbox.learning_items import rights
from inbox.learning_items.rounds import UNDER_WAY
from inbox.models import (
    Case,
    ItemDecision,
    ItemState,
    LearningEvent,
    LearningItem,
    LearningLink,
    LearningVerb,
    RepeatsBy,
)
from inbox.reach_words import describe_reach
from inbox.visibility import list_departments
from networks.registry import network_label
from reports.dashboards.learning_items.answers import round_context
from reports.dashboards.learning_items.listing import item_row, list_items
from reports.measures.learning_items import DAYS, Repeats, Window, measure_links, measure_repeats
from wording.times import company_zone, relative_time, short_date_with_year

#: Quotes, cases and lines of history on a page; items offered for merging; characters of a quote.
MOST_QUOTES, PAGE_LENGTH, MOST_EVENTS, MOST_OTHERS, LONGEST_QUOTE = 8, 50, 50, 50, 280


def item_context(user: User, item: LearningItem, page: int, now: dt.datetime) -> dict[str, Any]:
    """Build the context of an item's page."""
    links = readable_links(user, item)
    first = page * PAGE_LENGTH
    shown = list(links[first : first + PAGE_LENGTH + 1])
    linked = measure_links(user, [item.pk]).get(item.pk)
    manages, decides = rights.may_manage(user, item), rights.may_decide(user, item)
    is_open = item.state in (ItemState.COLLECTING, ItemState.WITH_OWNER)
    answers = round_context(user, item, now)
    is_under_way = answers is not None and answers["round"].state in UNDER_WAY
    may_merge = manages and item.merged_into_id is None
    return {
        "item": item,
        "row": item_row(item, linked, now),
        "quotes": [_quote(link, now) for link in links.filter(quote__isnull=False)[:MOST_QUOTES]],
        "cases": [_case_row(link, now) for link in shown[:PAGE_LENGTH]],
        "next": page + 1 if len(shown) > PAGE_LENGTH else 0,
        "page": page,
        "history": [_event_row(event, now) for event in _newest_events(item)],
        "repeats": describe_repeats(item, measure_repeats(user, item, now=now, zone=company_zone())),
        "may": {
            "link": rights.may_link(user),
            "manage": manages,
            "give": manages and is_open,
            "decide": decides and is_open,
            "ship": decides and (item.state, item.decision) == (ItemState.DECIDED, ItemDecision.WILL_CHANGE),
            "reopen": manages and item.state != ItemState.COLLECTING,
            "tell": item.may_be_told and rights.may_prepare(user) and not is_under_way,
        },
        "answers": answers,
        "owners": _people_to_decide(item) if manages and is_open else [],
        "decisions": ItemDecision.choices,
        "departments": _departments(user) if manages else [],
        "criteria": RepeatsBy.choices,
        "others": list(list_items().exclude(pk=item.pk)[:MOST_OTHERS]) if may_merge else [],
        "reach": describe_reach(user),
    }


def readable_links(user: User, item: LearningItem) -> QuerySet[LearningLink]:
    """Return the linked cases that a reader may read, newest first."""
    links = LearningLink.objects.filter(item=item, case__in=Case.objects.visible_to(user))
    return links.select_related("case__identity", "case__department", "quote").order_by(
        "-case__opened_at", "-pk"
    )


def describe_repeats(item: LearningItem, repeats: Repeats | None) -> dict[str, Any] | None:
    """Return repeats before and after shipping in words. None for an item that has not shipped."""
    if repeats is None:
        return None
    kind = RepeatsBy(item.repeats_by).label
    return {
        "by": f"{kind} “{item.repeats_of}”" if item.repeats_of else kind,
        "rows": [
            _window_row("Before", repeats.before, ""),
            _window_row("After", repeats.after, _still_counting(repeats.days_left)),
        ],
        "days": DAYS,
        "unripe": _still_counting(repeats.days_left),
    }


def case_csv_rows(user: User, item: LearningItem) -> Iterator[list[Any]]:
    """Yield the rows of the file of an item's cases."""
    for link in readable_links(user, item).iterator(chunk_size=500):
        case = link.case
        yield [
            case.pk,
            network_label(case.network),
            case.identity.display_name,
            case.department.name,
            case.get_status_display(),
            case.opened_at,
            link.at,
            link.quote.text if link.quote else "",
        ]


#: The header of that file.
CASES_HEADER = ("case", "network", "customer", "department", "status", "first message", "linked", "quote")


def _window_row(label: str, window: Window, note: str) -> dict[str, str]:
    rate = window.per_thousand
    return {
        "label": label,
        "days": f"{short_date_with_year(window.first)} to {short_date_with_year(window.last)}",
        "repeats": f"{window.repeats:,}",
        "cases": f"{window.cases:,}",
        "rate": f"{rate:,.1f}" if rate is not None else "few",
        "note": note,
    }


def _still_counting(days_left: int) -> str:
    if not days_left:
        return ""
    return f"still counting: {DAYS - days_left} of {DAYS} days"


def _quote(link: LearningLink, now: dt.datetime) -> dict[str, Any]:
    message = link.quote
    text = " ".join(message.text.split()) if message else ""
    if message is not None and message.deleted_at is not None:
        text = "(deleted by the customer)"
    return {
        "case": link.case_id,
        "text": (text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…") or "(no text)",
        "who": link.case.identity.display_name,
        "network": network_label(link.case.network),
        "when": relative_time(message.network_time, now) if message else None,
        "language": message.language if message else "",
    }


def _case_row(link: LearningLink, now: dt.datetime) -> dict[str, Any]:
    case = link.case
    return {
        "pk": case.pk,
        "who": case.identity.display_name,
        "text": case.preview or "(no text)",
        "network": network_label(case.network),
        "department": case.department,
        "status": case.get_status_display(),
        "when": relative_time(case.opened_at, now),
    }


def _newest_events(item: LearningItem) -> list[LearningEvent]:
    events = LearningEvent.objects.filter(item=item).select_related("actor")
    return list(events.order_by("-id")[:MOST_EVENTS])


def _event_row(event: LearningEvent, now: dt.datetime) -> dict[str, Any]:
    return {"words": event_words(event), "when": relative_time(event.at, now)}


def event_words(event: LearningEvent) -> str:
    """Return a line of an item's history."""
    who, data = str(event.actor) if event.actor else "Horseshoe", event.data
    get = {key: str(value) for key, value in data.items()}.get
    match event.verb:
        case LearningVerb.CREATED:
            return f"{who} proposed it: “{get('title')}”"
        case LearningVerb.CHANGED if "from" in data:
            return f"{who} renamed it; it was “{get('from')}”"
        case LearningVerb.LINKED:
            count = data.get("cases", 0)
            return f"{who} linked {'1 case' if count == 1 else f'{count:,} cases'}"
        case LearningVerb.UNLINKED:
            return f"{who} unlinked case {get('case')}"
        case LearningVerb.GIVEN:
            until = f", to decide by {get('until')}" if get("until") else ""
            return f"{who} gave it to {get('to')}{until}"
        case LearningVerb.DECIDED:
            return f"{who} decided “{get('decision')}”: {get('reason')}"
        case LearningVerb.SHIPPED:
            return f"{who} said that it shipped on {get('on')}: {get('what')}"
        case LearningVerb.MERGED if "into" in data:
            return f"{who} merged it into “{get('into')}”"
        case LearningVerb.MERGED:
            return f"{who} merged “{get('title')}” into it"
        case LearningVerb.PREPARED | LearningVerb.APPROVED | LearningVerb.TOLD | LearningVerb.STOPPED:
            count = data.get("answers", 0)
            answers = "1 answer" if count == 1 else f"{count:,} answers"
            return f"{who} {_ROUND_WORDS[event.verb].format(answers=answers)}"
        case _:
            return f"{who} {LearningVerb(event.verb).label}"


_ROUND_WORDS: dict[str, str] = {
    LearningVerb.PREPARED: "prepared {answers}",
    LearningVerb.APPROVED: "approved {answers}",
    LearningVerb.STOPPED: "stopped {answers}",
    LearningVerb.TOLD: "handed the last of {answers} to the outbox",
}


def _people_to_decide(item: LearningItem) -> list[User]:
    """Return the people of an item's department, and its owner."""
    people = User.objects.filter(is_active=True, memberships__department=item.department_id)
    by_id = {person.pk: person for person in people}
    if item.owner is not None and item.owner.is_active:
        by_id.setdefault(item.owner.pk, item.owner)
    return sorted(by_id.values(), key=lambda person: (str(person).casefold(), person.pk))


def _departments(user: User) -> list[Department]:
    return [department for department in list_departments(user) if department.is_open]
