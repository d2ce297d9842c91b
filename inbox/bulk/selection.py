"""Which cases a person has chosen in a list, and what they want done, as a form sends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from accounts.access import viewer
from accounts.models import BrandAccount, Department, User
from inbox.bulk.acts import Chosen
from inbox.bulk.macros import macro_details
from inbox.cases import hand_overs, verbs
from inbox.cases.customer_tags import parse_tags
from inbox.changes.refusals import Invalid, clean_required_text
from inbox.later.moments import parse_moment
from inbox.models import BulkVerb, Case, SnoozeFor
from inbox.models.case import CaseQuerySet
from inbox.queue.asked import resolve_list
from inbox.queue.filter_form import names_for
from inbox.queue.filter_words import describe_filters
from inbox.queue.listing import cases_of_view
from routing.models import Priority

#: The most cases that can be chosen one by one; a form has at most a thousand fields.
MOST_CHOSEN = 900
_NO_LIST = "That list is not there any more. Open another, and select again."


def parse_chosen(user: User, form: QueryDict, now: dt.datetime) -> Chosen:
    """Return the cases that a form names. Raises `Invalid` when it names none.

    `every` stands for all cases of the list at `list`, without those at `left_out`; else `case` has their ids.
    """
    came_from = form.get("list", "")
    if form.get("every"):
        words, cases = find_list(user, came_from, now)
        left_out = parse_ids(form.getlist("left_out"))
        if left_out:
            words = f"{words}, {len(left_out):,} left out"
        return Chosen(every=cases.exclude(pk__in=left_out), words=words, came_from=came_from)
    ids = parse_ids(form.getlist("case"))
    if not ids:
        raise Invalid("No case is selected. Select some in the list, then choose what to do with them.")
    if len(ids) > MOST_CHOSEN:
        raise Invalid(
            f"You have selected {len(ids):,} cases. Select all that match instead, or at most {MOST_CHOSEN}."
        )
    return Chosen(ids, came_from=came_from)


def parse_ids(values: Iterable[str]) -> list[int]:
    """Return the ids among some texts, each once."""
    return list(
        dict.fromkeys(
            int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 18
        )
    )


def find_list(user: User, address: str, now: dt.datetime) -> tuple[str, CaseQuerySet]:
    """Return a list in words, and its cases. Raises `Invalid` for an address that is none of a list."""
    asked = resolve_list(user, address)
    if asked is None:
        raise Invalid(_NO_LIST)
    words, filters = asked.title, asked.filters
    if filters.is_narrowed:
        names = names_for(filters, BrandAccount.objects.visible_to(user), user)
        *sentence, _order = describe_filters(filters, asked.kind, names)
        narrowed = "".join(part.before + part.words for part in sentence)
        words += f" ({narrowed[0].lower()}{narrowed[1:]})"
    return words, cases_of_view(user, asked.kind, filters, asked.department_id, now)


def chosen_cases(user: User, chosen: Chosen) -> CaseQuerySet:
    """Return the chosen cases that the person may read."""
    if chosen.every is not None:
        return chosen.every
    readable = Case.objects.filter(pk__in=chosen.case_ids)
    watched = Case.objects.watched_by(user).values("pk")
    return readable.filter(Q(pk__in=Case.objects.visible_to(user).values("pk")) | Q(pk__in=watched))


def parse_details(verb: BulkVerb, user: User, form: QueryDict, now: dt.datetime) -> dict[str, Any] | None:
    """Return what an act needs besides its cases. None while the form does not say it; raises `Invalid`."""
    match verb:
        case BulkVerb.TAKE | BulkVerb.RESOLVE:
            return {}
        case BulkVerb.DISMISS if "reason" in form:
            return {"reason": verbs.clean_close_reason(form.get("reason", ""))}
        case BulkVerb.TAG | BulkVerb.UNTAG if "tag" in form:
            return {"tag": _parse_tag(form.get("tag", ""))}
        case BulkVerb.ASSIGN if "to" in form:
            return {"assignee_id": _parse_assignee(form.get("to", ""), user)}
        case BulkVerb.HAND_OVER if "department" in form:
            return _parse_hand_over(form)
        case BulkVerb.PRIORITISE if "priority" in form:
            return {"priority": _parse_priority(form.get("priority", ""))}
        case BulkVerb.MACRO if "macro" in form:
            return macro_details(user, next(iter(parse_ids([form.get("macro", "")])), 0))
        case BulkVerb.SNOOZE if "preset" in form or "day" in form:
            return _parse_snooze(form, now)
        case _:
            return None


def _parse_tag(text: str) -> str:
    tags = parse_tags(text)
    if len(tags) != 1:
        raise Invalid("Write one tag.")
    return tags[0]


def _parse_assignee(to: str, user: User) -> int | None:
    if to == "nobody":
        return None
    ids = [user.pk] if to == "me" else parse_ids([to])
    person = User.objects.filter(pk__in=ids, is_active=True).first()
    if person is None or not viewer(person).may("claim"):
        raise Invalid("Choose a person who works on cases here.")
    return person.pk


def _parse_hand_over(form: QueryDict) -> dict[str, Any]:
    department = Department.objects.filter(slug=form["department"], is_open=True).first()
    if department is None:
        raise Invalid("Choose the department that is to have them.")
    why = clean_required_text(
        form.get("reason", ""), hand_overs.LONGEST_REASON, "Say why the cases go to another department."
    )
    return {"department_id": department.pk, "reason": why}


def _parse_priority(text: str) -> int:
    chosen = next((priority for priority in Priority if str(priority.value) == text), None)
    if chosen is None:
        raise Invalid("Choose a priority.")
    return int(chosen.value)


def _parse_snooze(form: QueryDict, now: dt.datetime) -> dict[str, Any]:
    preset = form.get("preset", "")
    if preset in (SnoozeFor.CUSTOMER, SnoozeFor.COLLEAGUE):
        return {"waits_for": preset, "until": ""}
    # A day and a time of one's own: no preset.
    preset = "" if preset == "at" else preset
    until = parse_moment(preset, form.get("day", ""), form.get("time", ""), now)
    return {"waits_for": SnoozeFor.TIME.value, "until": until.isoformat()}
