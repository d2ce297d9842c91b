"""Link cases to a learning item and unlink them: each case's history says so, and the item's, too."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection

from accounts.models import User
from inbox.changes.change import Change, change_case_as, require_permission, save_changes
from inbox.changes.refusals import Invalid, why_nothing_is_kept
from inbox.learning_items.changing import change_item
from inbox.models import Case, Direction, ItemState, LearningItem, LearningLink, LearningVerb, Message, Verb

#: Cases that are linked at once.
MOST_AT_ONCE = 500
#: Items that a page offers to link cases to.
MOST_OFFERED = 100
_NUMBER = re.compile(r"[0-9]+")
#: Longer digits are no number of a case.
_LONGEST_NUMBER = 18


def read_case_numbers(text: str) -> list[int]:
    """Return the numbers of cases in a person's text.

    It is "#12, 15" or addresses of cases. Raises `Invalid`.
    """
    digits_in_text = [
        digits for digits in _NUMBER.findall(text) if digits.isascii() and len(digits) <= _LONGEST_NUMBER
    ]
    numbers = list(dict.fromkeys(int(digits) for digits in digits_in_text))
    if not numbers:
        raise Invalid("Type the numbers of cases, separated by spaces or commas.")
    if len(numbers) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} cases can be linked at once.")
    return numbers


def link_cases(item_id: int, by: User, case_ids: Collection[int], *, now: dt.datetime) -> int:
    """Link the cases that the person may read; return how many are new.

    Of each, the customer's first message stands for what they say. Raises
    `LearningItem.DoesNotExist`, `NotAllowed`, `Invalid` when none of them can be linked.
    """
    require_permission(by, "link_items")
    with change_item(item_id, by, now=now) as change:
        rows = (
            Case.objects.visible_to(by)
            .select_related("identity")
            .filter(pk__in=list(case_ids)[:MOST_AT_ONCE])
        )
        locked = rows.order_by("pk").select_for_update(of=("self",), no_key=True)
        cases = [case for case in locked if not why_nothing_is_kept(case)]
        if not cases:
            raise Invalid("None of these is a case that you may read. Nothing was linked.")
        linked = set(
            LearningLink.objects.filter(item=item_id, case__in=cases).values_list("case_id", flat=True)
        )
        new = [case for case in cases if case.pk not in linked]
        quotes = _first_messages(new)
        LearningLink.objects.bulk_create(
            LearningLink(item_id=item_id, case=case, quote_id=quotes.get(case.pk), at=now, by=by)
            for case in new
        )
        changes = [Change(case, by, now) for case in new]
        for case_change in changes:
            data = {"item": item_id, "title": change.item.title}
            case_change.record(Verb.LEARNING_LINKED, data)
        save_changes(changes)
        if new:
            change.record(LearningVerb.LINKED, cases=len(new))
    return len(new)


def unlink_case(item_id: int, by: User, case_id: int, *, now: dt.datetime) -> None:
    """Unlink a case; a case that is not linked stays as it is.

    Raises `LearningItem.DoesNotExist`, `Case.DoesNotExist`, `NotAllowed`.
    """
    with (
        change_item(item_id, by, now=now) as change,
        change_case_as(case_id, by, "link_items", now=now) as case_change,
    ):
        if LearningLink.objects.filter(item=item_id, case=case_id).delete()[0]:
            case_change.record(Verb.LEARNING_UNLINKED, {"item": item_id, "title": change.item.title})
            change.record(LearningVerb.UNLINKED, case=case_id)


def list_open_items() -> list[LearningItem]:
    """Return the newest open items, at most `MOST_OFFERED`. One statement."""
    open_items = LearningItem.objects.filter(merged_into=None).exclude(state=ItemState.TOLD)
    return list(open_items.only("pk", "title").order_by("-pk")[:MOST_OFFERED])


def _first_messages(cases: Collection[Case]) -> dict[int, int]:
    """Return the customer's first message of each case. One statement."""
    inbound = Message.objects.filter(case__in=cases, direction=Direction.INBOUND, deleted_at__isnull=True)
    firsts = inbound.order_by("case_id", "network_time", "id").distinct("case_id")
    return dict(firsts.values_list("case_id", "pk"))


def existing_item(pk: int) -> LearningItem | None:
    """Return an item, the one that it was merged into, or None."""
    item = LearningItem.objects.select_related("merged_into").filter(pk=pk).first()
    return (item.merged_into or item) if item is not None else None
