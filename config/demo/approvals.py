"""Approval in the demo: a new agent, a rule about customers with many followers, and answers that wait."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.models import User
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import Approval, ApprovalRule, Case, Direction, Identity, Message, Ramp, Visibility
from inbox.models.case import CaseQuerySet
from inbox.replies.composer import why_cannot_answer_message
from inbox.replies.verbs import queue_reply

#: Who is new, and how many of their answers need approval and were approved.
NEW_AGENT, NEEDED, APPROVED = "bram", 10, 3
#: Who answers a customer with many followers.
OTHER_AGENT = "sana"
MANY_FOLLOWERS, INFLUENCER_FOLLOWERS = 10_000, 48_200
_TEXTS = (
    "Thank you for telling us. I have looked at your order and will write here again today.",
    "Sorry for the trouble. Please send us your order number as a direct message, and I will see to it at once.",
    "That should not happen. A new one leaves our warehouse tomorrow, without any cost for you.",
)


def seed_approval_rules(now: dt.datetime) -> None:
    """Mark an agent as new and make the rule.

    Not where there are rules already.
    """
    person = User.objects.filter(username=NEW_AGENT, is_active=True).first()
    if person is None or ApprovalRule.objects.exists():
        return
    Ramp.objects.get_or_create(
        user=person,
        defaults={"needed": NEEDED, "approved": APPROVED, "started_at": now - dt.timedelta(days=4)},
    )
    ApprovalRule.objects.create(
        min_followers=MANY_FOLLOWERS, public_only=True, created_at=now, changed_at=now
    )


def ask_for_some_approvals(now: dt.datetime) -> int:
    """Let the agents answer some waiting customers; return how many answers wait for approval now."""
    if Approval.objects.exists():
        return 0
    waiting = Case.objects.listed().filter(visibility=Visibility.PUBLIC, waiting_since__isnull=False)
    waiting = waiting.select_related("identity").order_by("-last_inbound_at", "-pk")
    count = 0
    people = {user.username: user for user in User.objects.filter(is_active=True)}
    sana = people.get(OTHER_AGENT)
    if sana is not None and (influencer := waiting.visible_to(sana).filter(network="x").first()) is not None:
        Identity.objects.filter(pk=influencer.identity_id).update(followers=INFLUENCER_FOLLOWERS)
    famous = waiting.filter(identity__followers=INFLUENCER_FOLLOWERS)
    for username, cases, texts in ((OTHER_AGENT, famous, _TEXTS[2:]), (NEW_AGENT, waiting, _TEXTS[:2])):
        if (person := people.get(username)) is not None:
            count += _answer_some(person, cases.visible_to(person), texts, now)
    return count


def _answer_some(person: User, cases: CaseQuerySet, texts: tuple[str, ...], now: dt.datetime) -> int:
    left = list(texts)
    for case in cases[:20]:
        inbound = Message.objects.filter(case=case, direction=Direction.INBOUND, can_reply=True)
        parent = inbound.select_related("brand_account").order_by("-network_time", "-pk").first()
        if not left or parent is None or why_cannot_answer_message(case, parent, now=now):
            continue
        try:
            queue_reply(case.pk, person, parent.pk, left[0], uuid.uuid4(), case.version, now=now)
        except (Conflict, Invalid, NotAllowed, Case.DoesNotExist):
            continue
        left.pop(0)
    return len(texts) - len(left)
