"""Cases on their way through a company, written as the product would have, for pages that show them."""

from __future__ import annotations

import datetime as dt
import random

from inbox.models import Custody, Decision, ReplyState
from tests.factories import CaseFactory, MessageFactory, ReplyFactory

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def walk(at, steps, *, brand, author=None, answer=None, closes=True, wants=True, **fields):
    """A case that went through `steps`, (department, minutes until accepted, minutes at work) each.

    `answer` are the minutes from the last step's end until our answer stood on the network; None for no answer.
    """
    custodies, sent, before = [], at, None
    for department, waited, worked in steps:
        accepted, left = sent + waited * MINUTE, sent + (waited + worked) * MINUTE
        custodies.append((department, before, sent, accepted, left))
        sent, before = left, department
    closed = sent if closes else None
    answered = sent + answer * MINUTE if answer is not None else None
    case = CaseFactory(
        department=steps[-1][0], brand_account=brand, created_at=at, closed_at=closed, custody=False,
        status="resolved" if closes else "open", first_response_at=answered, last_outbound_at=answered,
        needs_answer=wants, waiting_since=None, **fields,
    )  # fmt: skip
    for department, origin, sent_at, accepted, left in custodies:
        is_last = left == sent
        Custody.objects.create(
            case=case, department=department, from_department=origin, sent_at=sent_at, accepted_at=accepted,
            left_at=left if closes or not is_last else None,
        )  # fmt: skip
    asked = MessageFactory(case=case, needs_answer=wants)
    Decision.objects.create(
        message=asked, case=case, department=steps[0][0], decided_by="rule", rule_key="r1",
        rule_name="Chat that asks nothing", version=1, at=at,
    )  # fmt: skip
    if answered is not None:
        said = MessageFactory(case=case, outbound=True, network_time=answered)
        if author is not None:
            ReplyFactory(
                parent=asked, author=author, state=ReplyState.SENT, created_at=sent, sent_at=answered,
                remote_id=said.canonical_id,
            )  # fmt: skip
    return case


def tell(dice: random.Random, departments, *, brand, author, since, days, count, slow=1.0):
    """Invent `count` cases in the days after `since`; `slow` stretches the waits."""
    service, billing, technical, sales, marketing, press = departments
    ways = (
        [service, billing], [service, billing, service], [service, technical], [service, technical, billing],
        [marketing, service], [marketing, technical, sales], [service, sales], [service], [service], [marketing, press, service],
    )  # fmt: skip
    for _ in range(count):
        at = since + dice.randrange(days) * DAY + dice.uniform(9, 14) * 60 * MINUTE
        chosen = dice.choice(ways)
        steps = [(chosen[0], dice.uniform(0.2, 1), dice.uniform(3, 9))]
        for department in chosen[1:]:
            wait = dice.uniform(2, 14) * (3 if department is billing else 1) * slow
            steps.append((department, wait, dice.uniform(4, 24)))
        lot = dice.random()
        walk(
            at, steps, brand=brand, author=author, answer=None if lot < 0.12 else dice.uniform(2, 7),
            closes=lot > 0.03, visibility="direct" if dice.random() < 0.2 else "public",
        )  # fmt: skip
