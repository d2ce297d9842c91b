"""Verbs of a learning item, from proposing it to shipping it.

All raise `LearningItem.DoesNotExist`, and `NotAllowed` or `Invalid` with a sentence for the person.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.brand_accounts.charter import company_day
from accounts.models import Department, User
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.learning_items import rights
from inbox.learning_items.changing import (
    LONGEST_REASON,
    LONGEST_REPEATS,
    ItemChange,
    change_item,
    clean_title,
    clean_words,
)
from inbox.models import (
    AnswerRound,
    ItemDecision,
    ItemState,
    LearningItem,
    LearningLink,
    LearningVerb,
    NoticeKind,
    RepeatsBy,
    RoundState,
)
from inbox.notices.notify import notify_of_learning_item
from wording.times import short_date_with_year

#: How far back a change may have shipped, and how far ahead a decision may be due.
_FARTHEST = dt.timedelta(days=730)
_UNDER_WAY = (RoundState.PREPARED, RoundState.SENDING)


def create_item(
    by: User,
    title: str,
    department: Department,
    *,
    repeats_by: str = "",
    repeats_of: str = "",
    now: dt.datetime,
) -> LearningItem:
    """Propose an item, which the department is to own."""
    if not rights.may_link(by) and by.role not in rights.DECIDING_ROLES:
        raise NotAllowed("Your role does not allow you to propose learning items.")
    kind, of = _clean_repeats(repeats_by, repeats_of)
    with transaction.atomic():
        item = LearningItem.objects.create(
            title=clean_title(title),
            department=department,
            repeats_by=kind,
            repeats_of=of,
            created_at=now,
            changed_at=now,
        )
        ItemChange(item, by, now).record(LearningVerb.CREATED, title=item.title)
    return item


def change_details(
    pk: int,
    by: User,
    *,
    title: str,
    department: Department,
    repeats_by: str,
    repeats_of: str,
    version: int | None = None,
    now: dt.datetime,
) -> None:
    """Change the title, the department, and what counts as a repeat."""
    kind, of = _clean_repeats(repeats_by, repeats_of)
    with change_item(pk, by, version=version, now=now) as change:
        _require_manager(by, change.item)
        before = change.item.title
        change.set(title=clean_title(title), department=department, repeats_by=kind, repeats_of=of)
        change.record(LearningVerb.CHANGED, **({"from": before} if before != change.item.title else {}))


def give_to_owner(
    pk: int, by: User, owner_id: int, due_on: dt.date | None, *, version: int | None = None, now: dt.datetime
) -> User:
    """Give an item to the person who decides, and notify them. Return the person."""
    owner = User.objects.filter(pk=owner_id, is_active=True).first()
    if owner is None:
        raise Invalid("Choose a person who works here.")
    if due_on is not None and not company_day(now) <= due_on <= company_day(now) + _FARTHEST:
        raise Invalid("The day of the decision must be today or later, within two years.")
    with change_item(pk, by, version=version, now=now) as change:
        item = change.item
        _require_manager(by, item)
        if item.state not in (ItemState.COLLECTING, ItemState.WITH_OWNER):
            raise Invalid("This is decided already. Reopen it to have it decided again.")
        change.set(state=ItemState.WITH_OWNER, owner=owner, due_on=due_on)
        until = f" by {short_date_with_year(due_on)}" if due_on else ""
        change.record(LearningVerb.GIVEN, to=str(owner), until=short_date_with_year(due_on) if due_on else "")
        if owner.pk != by.pk:
            text = f"{by} asks you to decide{until}: {item.title}"
            key = f"learning:{item.pk}:given:{item.version}"
            notify_of_learning_item([owner.pk], item.pk, NoticeKind.LEARNING, text, key=key, now=now)
    return owner


def decide_item(
    pk: int, by: User, decision: str, reason: str, *, version: int | None = None, now: dt.datetime
) -> None:
    """Decide what becomes of it, with a reason."""
    if decision not in ItemDecision.values:
        raise Invalid("Choose one of the three decisions.")
    reason = clean_words(reason, LONGEST_REASON, "Give a reason: colleagues will answer customers with it.")
    with change_item(pk, by, version=version, now=now) as change:
        _require_decider(by, change.item)
        if change.item.state not in (ItemState.COLLECTING, ItemState.WITH_OWNER):
            raise Invalid("This is decided already. Reopen it to decide again.")
        change.set(state=ItemState.DECIDED, decision=decision, reason=reason)
        change.record(LearningVerb.DECIDED, decision=ItemDecision(decision).label, reason=reason)


def ship_item(
    pk: int, by: User, day: dt.date | None, what_changed: str, *, version: int | None = None, now: dt.datetime
) -> None:
    """Say since when customers have the change, and what it is."""
    today = company_day(now)
    if day is None or not today - _FARTHEST <= day <= today:
        raise Invalid("Give the day since which customers have it: today or earlier, within two years.")
    what = clean_words(what_changed, LONGEST_REASON, "Say what changed for customers, in their words.")
    with change_item(pk, by, version=version, now=now) as change:
        _require_decider(by, change.item)
        if (change.item.state, change.item.decision) != (ItemState.DECIDED, ItemDecision.WILL_CHANGE):
            raise Invalid("Only something that was decided to change can ship.")
        change.set(state=ItemState.SHIPPED, shipped_on=day, what_changed=what)
        change.record(LearningVerb.SHIPPED, on=short_date_with_year(day), what=what)


def reopen_item(pk: int, by: User, *, version: int | None = None, now: dt.datetime) -> None:
    """Collect again, because customers go on saying it. Decision and day stay in the history."""
    with change_item(pk, by, version=version, now=now) as change:
        _require_manager(by, change.item)
        if change.item.state == ItemState.COLLECTING:
            raise Invalid("This item is open already.")
        _require_no_round(change.item)
        change.set(
            state=ItemState.COLLECTING, decision="", reason="", shipped_on=None, what_changed="", due_on=None
        )
        change.record(LearningVerb.REOPENED)


def merge_item(pk: int, by: User, other_id: int, *, version: int | None = None, now: dt.datetime) -> None:
    """Move the cases of another item into this one.

    Raises as the others.
    """
    with transaction.atomic():
        # In the order of their ids, so that two merges do not wait for each other.
        locked = LearningItem.objects.select_for_update(no_key=True).filter(pk__in=[pk, other_id])
        items = {item.pk: item for item in locked.order_by("pk")}
        other = items.get(other_id)
        if pk not in items:
            raise LearningItem.DoesNotExist
        if other is None or other_id == pk or other.merged_into_id is not None:
            raise Invalid("Choose another item, which was not merged yet.")
        with change_item(pk, by, version=version, now=now) as change:
            for item in (change.item, other):
                _require_manager(by, item)
                _require_no_round(item)
            _move_links(other, change.item)
            LearningItem.objects.filter(merged_into=other).update(merged_into=change.item)
            LearningItem.objects.filter(pk=other.pk).update(
                merged_into=change.item, version=other.version + 1, changed_at=now
            )
            change.record(LearningVerb.MERGED, title=other.title)
            ItemChange(other, by, now).record(LearningVerb.MERGED, into=change.item.title)


def _move_links(source: LearningItem, target: LearningItem) -> None:
    linked = LearningLink.objects.filter(item=target).values("case_id")
    links = LearningLink.objects.filter(item=source)
    links.exclude(case_id__in=linked).update(item=target)
    links.delete()


def _clean_repeats(repeats_by: str, repeats_of: str) -> tuple[str, str]:
    kind = repeats_by or RepeatsBy.LINKED
    if kind not in RepeatsBy.values:
        raise Invalid("Choose what counts as a repeat.")
    if kind == RepeatsBy.LINKED:
        return kind, ""
    what = "tag" if kind == RepeatsBy.TAG else "words"
    return kind, clean_words(
        repeats_of.lstrip("# "), LONGEST_REPEATS, f"Give the {what} by which repeats are counted."
    )


def _require_no_round(item: LearningItem) -> None:
    if AnswerRound.objects.filter(item=item, state__in=_UNDER_WAY).exists():
        raise Invalid("Answers to its customers are under way. Withdraw or stop them first.")


def _require_manager(by: User, item: LearningItem) -> None:
    if not rights.may_manage(by, item):
        raise NotAllowed(
            f"Only the managers of {item.department} and administrators may do that. Nothing was saved."
        )


def _require_decider(by: User, item: LearningItem) -> None:
    if not rights.may_decide(by, item):
        raise NotAllowed(
            f"Only its owner, the managers of {item.department} and administrators may do that. Nothing was saved."
        )
