"""Answers that wait for approval, as entries of a thread: why, since when, and who may approve them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from accounts.models import User
from inbox.approval_rules.approvers import approvers_of
from inbox.case_page.timeline_items import TimelineItem, new_item
from inbox.display import initials
from inbox.models import Case, Reply
from wording.spans import short_span
from wording.times import coming_time

#: Names of people that are listed.
NAMES_LISTED = 4


@dataclass
class PendingAnswers:
    """Share what holds for all entries of a case: who may approve in it. One statement, none without such an answer."""

    case: Case
    user: User

    @cached_property
    def _approvers(self) -> list[User]:
        return list(approvers_of(self.case).order_by("first_name", "last_name", "pk"))

    def item(self, reply: Reply, now: dt.datetime) -> TimelineItem:
        """Return an answer that waits for approval as an entry."""
        item = new_item("reply", reply.created_at, now)
        item.who = str(reply.author)
        item.initials = reply.author.initials or initials(item.who)
        item.where = f"as {self.case.brand_account.display_name}"
        item.text, item.reply, item.reply_id = reply.text, reply.state, reply.pk
        item.tone, item.line = "risk", _waiting_words(now - reply.created_at)
        item.reasons = list(reply.approval.reasons)
        item.may_withdraw = reply.author_id == self.user.pk
        barred = {reply.author_id, reply.approval.text_by_id}
        able = [person for person in self._approvers if person.pk not in barred]
        item.may_approve = any(person.pk == self.user.pk for person in able)
        item.advice = _who_may(able, self.user)
        if reply.planned_at is not None:
            item.advice += f" Once approved, it goes out {coming_time(reply.planned_at, now)}."
        return item


def _waiting_words(span: dt.timedelta) -> str:
    since = f" for {short_span(span)}" if span >= dt.timedelta(minutes=1) else ""
    return f"waits for approval{since}"


def _who_may(able: list[User], user: User) -> str:
    """Return who may approve an answer, as a sentence."""
    names = ["you" if person.pk == user.pk else str(person) for person in able]
    if not names:
        return "Nobody may approve it: its department has no other manager. An administrator gives that right under Approval rules."
    shown = names[:NAMES_LISTED]
    if len(names) > NAMES_LISTED:
        words = f"{', '.join(shown)} and {len(names) - NAMES_LISTED} more"
    else:
        words = " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
    return f"{words[:1].upper()}{words[1:]} may approve it."
