"""Whatever may happen to a case that alters a number, straight in the tables: the triggers must notice all of it."""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.db.models.functions import Greatest

from inbox.models import Case, CaseEvent, Custody, Decision, Message, Reply, ReplyState
from postgres.history import open_history
from tests.factories import NOW, ReplyFactory, UserFactory
from tests.reports.stories import DAY, HOUR, MINUTE


def edit_at_random(dice, departments):
    """Change one thing of a case."""
    case = dice.choice(list(Case.objects.order_by("id")))
    dice.choice(EDITS)(dice, case, departments)


def moment(dice):
    return NOW - dice.uniform(0, 300) * DAY


def answer(dice, case, departments):
    Case.objects.filter(pk=case.pk).update(first_response_at=case.created_at + dice.uniform(-9, 90) * HOUR)


def forget_answer(dice, case, departments):
    Case.objects.filter(pk=case.pk).update(first_response_at=None)


def close(dice, case, departments):
    status, reason = dice.choice(
        (("resolved", ""), ("dismissed", "Noise"), ("dismissed", "Merged into case 7"))
    )
    Case.objects.filter(pk=case.pk).update(status=status, close_reason=reason, closed_at=moment(dice))


def reopen(dice, case, departments):
    Case.objects.filter(pk=case.pk).update(status="open", close_reason="", closed_at=None)


def judge(dice, case, departments):
    Case.objects.filter(pk=case.pk).update(needs_answer=not case.needs_answer)


def become_history(dice, case, departments):
    Case.objects.filter(pk=case.pk).update(historical=not case.historical)


def begin_anew(dice, case, departments):
    Case.objects.filter(pk=case.pk).update(created_at=moment(dice))


def hand_over(dice, case, departments):
    at, to = moment(dice), dice.choice(departments)
    Custody.objects.filter(case=case, left_at=None).update(left_at=at)
    Custody.objects.create(
        case=case,
        from_department_id=case.department_id,
        department=to,
        sent_at=at,
        routed=dice.random() < 0.2,
    )
    Case.objects.filter(pk=case.pk).update(department=to)


def accept(dice, case, departments):
    rows = Custody.objects.filter(case=case, left_at=None, accepted_at=None)
    rows.update(accepted_at=F("sent_at") + dice.uniform(0, 50) * HOUR)


def take_back(dice, case, departments):
    with open_history():
        Custody.objects.filter(case=case, left_at=None, from_department__isnull=False).delete()


def feelings(dice):
    """What is read in a message."""
    return {
        "sentiment": dice.choice(("negative", "neutral", "positive", "")),
        "urgency": dice.choice((0, 0, 0, 1, 2)),
        "said": dice.choice(("", "", "thanks", "fixed", "complains")),
    }


def write(dice, case, departments):
    at = moment(dice) if dice.random() < 0.4 else NOW - dice.uniform(0, 150) * HOUR
    number = Message.objects.count() + dice.randrange(10**9)
    direction = dice.choice(("in", "out"))
    column = "last_outbound_at" if direction == "out" else "activity_at"
    Case.objects.filter(pk=case.pk).update(**{column: Greatest(column, at)})
    Message.objects.create(
        brand_account=case.brand_account, case=case, stream="mentions", canonical_id=f"e{number}", **feelings(dice),
        remote_id=f"e{number}", direction=direction, visibility=case.visibility, network_time=at,
        received_at=at + dice.uniform(0, 500) * MINUTE, needs_answer=dice.random() < 0.8,
    )  # fmt: skip


def pick_message(dice, case):
    return dice.choice(list(Message.objects.filter(case=case).order_by("id")) or [None])


def correct(dice, case, departments):
    if message := pick_message(dice, case):
        Message.objects.filter(pk=message.pk).update(needs_answer=not message.needs_answer)


def read_again(dice, case, departments):
    if message := pick_message(dice, case):
        Message.objects.filter(pk=message.pk).update(**feelings(dice))


def write_elsewhere(dice, case, departments):
    """The customer of one case is found to be that of another, and writes there after our answer."""
    other = dice.choice(list(Case.objects.order_by("id")))
    Case.objects.filter(pk=other.pk).update(customer=case.customer_id)
    at = (case.last_outbound_at or moment(dice)) + dice.uniform(-20, 90) * HOUR
    Case.objects.filter(pk=other.pk).update(activity_at=Greatest("activity_at", at))
    number = Message.objects.count() + dice.randrange(10**9)
    Message.objects.create(
        brand_account=other.brand_account, case=other, stream="mentions", canonical_id=f"w{number}", remote_id=f"w{number}",
        direction="in", visibility=other.visibility, network_time=at, received_at=at, needs_answer=dice.random() < 0.8,
    )  # fmt: skip


def learn_late(dice, case, departments):
    if message := pick_message(dice, case):
        Message.objects.filter(pk=message.pk).update(network_time=moment(dice))


def move_message(dice, case, departments):
    message, other = pick_message(dice, case), dice.choice(list(Case.objects.order_by("id")))
    if message:
        Message.objects.filter(pk=message.pk).update(case=other)


def remove_message(dice, case, departments):
    if message := pick_message(dice, case):
        with open_history():
            Decision.objects.filter(message=message).delete()
            Reply.objects.filter(parent=message).delete()
            Message.objects.filter(pk=message.pk).delete()


def end_clock(dice, case, departments):
    met = dice.choice((True, False, None))
    record = {"clock": dice.choice(("first_response", "next_response", "resolution")), "met": met}
    began = {"from": dt.datetime(2026, 1, dice.randrange(1, 4), tzinfo=dt.UTC).isoformat()}
    CaseEvent.objects.create(
        case=case, at=moment(dice), verb="answered", data={"clocks": [record | began, record]}
    )


def write_as(dice, case, departments):
    if message := pick_message(dice, case):
        author = dice.choice([UserFactory(), None])
        Message.objects.filter(pk=message.pk).update(direction="out", user=author)


def queue_before(dice, case, departments):
    for message in Message.objects.filter(case=case, direction="out", replies=None):
        queued = message.network_time - dice.uniform(0, 90) * HOUR
        reply = ReplyFactory(
            parent=message,
            state=ReplyState.SENT,
            created_at=queued,
            remote_id=dice.choice((f"soon {message.pk}", message.canonical_id)),
        )
        Reply.objects.filter(pk=reply.pk).update(remote_id=message.canonical_id)


def decide(dice, case, departments):
    message = pick_message(dice, case)
    if message and not Decision.objects.filter(message=message).exists():
        key = dice.choice(("", "r1", "r2"))
        Decision.objects.create(
            message=message, case=case, department=dice.choice(departments), decided_by="rule" if key else "default",
            rule_key=key, rule_name=key and f"{key} {dice.randrange(3)}", version=1, at=NOW,
        )  # fmt: skip


def share_customer(dice, case, departments):
    other = dice.choice(list(Case.objects.order_by("id")))
    Case.objects.filter(pk=case.pk).update(customer=other.customer)


def resolve_and_open_again(dice, case, departments):
    at, authors = moment(dice), list(Message.objects.exclude(user=None).values_list("user", flat=True)[:5])
    authors = authors or [UserFactory().pk]
    verbs = dice.choice(
        (["resolved"], ["resolved", "undone", "resolved"], ["resolved", "reopened"], ["reopened"])
    )
    for number, verb in enumerate(verbs):
        CaseEvent.objects.create(
            case=case, at=at + number * HOUR, verb=verb, actor_id=dice.choice([None, *authors]),
            data={"what": "resolved"} if verb == "undone" else {},
        )  # fmt: skip
    Case.objects.filter(pk=case.pk).update(version=F("version") + 1)


def remove_case(dice, case, departments):
    with open_history():
        for model in (Decision, Reply, Message, Custody, CaseEvent):
            model.objects.filter(case=case).delete()
        Case.objects.filter(pk=case.pk).delete()


EDITS = (
    answer, forget_answer, close, reopen, judge, become_history, begin_anew, hand_over, hand_over, accept, take_back,
    write, write, read_again, write_elsewhere, write_elsewhere, correct, learn_late, move_message, remove_message,
    end_clock, resolve_and_open_again, resolve_and_open_again, write_as, queue_before, decide, decide, share_customer, remove_case,
)  # fmt: skip
