"""An account whose network hangs when we write: the others' answers and polls do not notice (real workers and beat)."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from statistics import median

import pytest
from django.db import connection
from django.db.models import Min
from django.utils import timezone

from accounts.models import BrandAccount, Department, Stream
from config.testing.quick import choose_size
from inbox.models import Message, Reply, ReplyState
from inbox.replies.account_turns import LAST_WORKER_PATIENCE
from tests.factories import ReplyFactory, UserFactory
from tests.faults.fleet import fleet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: Four workers send.
FOUR = ("kettlefern_nl", "kettlefern_fr", "kettlefern_it", "kettlefern_es")
WELL = ("kettleandfern", "kettlefern_de")
#: Answers of each well account in each round, and of the hanging one.
EACH, HANGING_ANSWERS, ROUNDS = choose_size(3, full=8), 12, choose_size(1, full=6)
#: The full run also holds what the others wait for against what they wait for without the hanging one: seconds, which
#: say something on a machine that does nothing else.
PHASES = choose_size(("beside",), full=("alone", "beside"))
#: A tick comes once a second, so a tenth of a baseline of two seconds shows nothing by itself.
TICK = 1.0
#: On a busy machine the slowest of many is late by itself. What waits for an account that hangs waits for 20 s.
FAR_FROM_A_TIMEOUT = 10.0


def start_workers(running):
    running.environment |= {"POLL_INTERVAL_MIN": "2", "POLL_INTERVAL_MAX": "3", "POLL_LEASE_SECONDS": "60"}
    for queue, processes in {"ticks": 1, "poll": 3, "send": 4, "default": 2}.items():
        arguments = ["worker", "-Q", queue, "-c", str(processes), "-n", f"{queue}@%h", "-l", "WARNING"]
        running.start("-m", "celery", "-A", "config.celery", *arguments)
    running.beat()


def ask_questions(running, account, count):
    kind = "public" if account["network"] == "x" else "comment"
    texts = [f"Question {number} of {time.monotonic_ns()}?" for number in range(count)]
    running.ask(
        "POST",
        "messages",
        [
            {
                "network": account["network"],
                "account": account["handle"],
                "kind": kind,
                "text": text,
                "author": f"{account['handle']}{number}",
            }
            for number, text in enumerate(texts)
        ],
    )
    return texts


def wait_for(found, seconds, what):
    until = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < until, f"not within {seconds} s: {what}; answers: {answers_by_state()}"
        time.sleep(0.1)
    return result


def answers_by_state():
    return Counter(
        Reply.objects.values_list("brand_account__network", "brand_account__handle", "state", "error")
    )


def stored_questions(texts):
    return wait_for(
        lambda: (rows := list(Message.objects.filter(text__in=texts))) and len(rows) == len(texts) and rows,
        120,
        "the questions are polled",
    )


def answer_at(questions, author, due):
    return [
        ReplyFactory(
            parent=question,
            author=author,
            created_at=due,
            send_after=due,
            text=f"An answer to: {question.text}",
        )
        for question in questions
    ]


def overdue_of_others(hanging):
    """Seconds for which the longest waiting stream of another account has been due."""
    now = timezone.now()
    streams = Stream.objects.exclude(brand_account__in=hanging).filter(lease_until=None)
    due = streams.aggregate(at=Min("next_poll_at"))["at"]
    return max((now - due).total_seconds(), 0.0) if due else 0.0


def seconds_until_sent(replies, hanging, overdue):
    """How long after they were due the answers had left, the slowest last."""
    keys = [reply.pk for reply in replies]

    def all_left():
        overdue.append(overdue_of_others(hanging))
        return not Reply.objects.filter(pk__in=keys).exclude(state=ReplyState.SENT).exists()

    wait_for(all_left, 120, "the answers of the well accounts are sent")
    times = Reply.objects.filter(pk__in=keys).values_list("sent_at", "send_after")
    return sorted((sent - due).total_seconds() for sent, due in times)


def wait_for_a_hanging_answer(accounts):
    def all_hang():
        sending = Reply.objects.filter(brand_account__in=accounts, state=ReplyState.SENDING)
        return len(sending) == len(accounts) and list(sending)

    return wait_for(all_hang, 120, "the first answer of each account hangs")


@pytest.mark.parametrize("hanging_handles", choose_size([FOUR[:1]], full=[FOUR[:1], FOUR]), ids=len)
def test_hanging_answers_delay_neither_answers_nor_polls_of_other_accounts(hanging_handles):
    """What waited behind them would wait until the first gives up, after 20 seconds: by then all of it is done."""
    with fleet() as running:
        connected = running.connect(("kettlefern_de", *hanging_handles))
        accounts = {(one["network"], one["handle"]): one for one in connected}
        hanging = list(BrandAccount.objects.filter(handle__in=hanging_handles))
        others = [one for (_, handle), one in accounts.items() if handle in WELL]
        author = UserFactory(
            departments=list(Department.objects.all()), publishes=list(BrandAccount.objects.all())
        )
        start_workers(running)

        def ask_others():
            return sum((ask_questions(running, account, EACH) for account in others), [])

        rounds = {phase: [ask_others() for _ in range(ROUNDS)] for phase in PHASES}
        hung = [
            question
            for handle in hanging_handles
            for question in stored_questions(ask_questions(running, accounts["x", handle], HANGING_ANSWERS))
        ]
        questions = {
            phase: [stored_questions(texts) for texts in per_round] for phase, per_round in rounds.items()
        }
        for handle in hanging_handles:
            hang = {"fault": "hang", "kind": "write", "network": "x", "account": handle, "seconds": 90}
            running.ask("POST", "faults", hang)

        slowest, middle, overdue = {}, {}, {}
        for phase in PHASES:
            overdue[phase], waits = [], []
            if phase == "beside":
                answer_at(hung, author, timezone.now() - dt.timedelta(seconds=5))
                first = wait_for_a_hanging_answer(hanging)
                # Written now: they are polled while it hangs.
                news = ask_others()
            for asked in questions[phase]:
                waits += seconds_until_sent(answer_at(asked, author, timezone.now()), hanging, overdue[phase])
            slowest[phase], middle[phase] = max(waits), median(waits)
        stored_questions(news)
        still = Reply.objects.filter(pk__in=[reply.pk for reply in first], state=ReplyState.SENDING).count()
        states = Counter(Reply.objects.filter(brand_account__in=hanging).values_list("state", flat=True))
        print(
            f"\n{len(hanging)} hanging: "
            + "; ".join(
                f"slowest answer of the others {phase}: {slowest[phase]:.1f} s, half of them within {middle[phase]:.2f} s, "
                f"overdue at most {max(overdue[phase]):.1f} s"
                for phase in PHASES
            )
            + f"; hanging: {dict(states)}"
        )
        # With all but one worker held, the last one is not left to hang, and may have to try twice before it pauses.
        holds_all = len(hanging) > 3
        assert states[ReplyState.SENDING] <= len(hanging)
        if "alone" in PHASES:
            spent = 2 * LAST_WORKER_PATIENCE if holds_all else 0
            assert middle["beside"] <= middle["alone"] * 1.1 + TICK + spent
            assert slowest["beside"] <= max(slowest["alone"] * 1.1 + TICK, FAR_FROM_A_TIMEOUT) + spent
            assert max(overdue["beside"]) <= max(2.0, max(overdue["alone"]) * 1.1 + TICK)
        else:
            assert still == len(hanging), "the others were done only after it had given up"

        # What is under way ends in a pause; what waits behind it stays queued, and the account says so.
        keys = [account.pk for account in hanging]
        paused = BrandAccount.objects.filter(pk__in=keys, sending_paused_until__isnull=False)
        wait_for(lambda: paused.count() == len(hanging), 120, "sending pauses")
        queued = Reply.objects.filter(brand_account__in=hanging, state=ReplyState.QUEUED).count()
        assert queued >= (HANGING_ANSWERS - 3) * len(hanging)
    connection.close()
