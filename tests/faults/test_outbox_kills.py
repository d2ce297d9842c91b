"""Dozens of answers (five hundred in a full run) through a network that fails most of the time, while their workers are killed.

Promised: nothing is posted twice, what is called sent stands there under its id, and what nobody can know is put to
a person in time. The simulator's ledger is the truth that the database is compared with.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from django.db import connection
from django.db.models import Min, Sum
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.store import store_credential
from accounts.models import Role
from config.testing.quick import choose_size
from inbox.models import CaseEvent, Message, Notice, Reply, ReplyState, Verb
from inbox.replies import verbs
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.signing_in import signed_in
from tests.simulator.conftest import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = [
    ("x", "kettleandfern"),
    *(("x", f"kettlefern_{place}") for place in ("nl", "de", "fr", "it")),
    ("facebook", "kettleandfern"),
]
ANSWERS, KILLS = choose_size(48, full=504), choose_size(5, full=30)
SECONDS = ANSWERS * 0.15
LEASE, DELAYS = 6.0, (0.5, 1.0, 2.0, 2.5)
#: Of the writes, 69 % go wrong: the shares are of what the ones before left over.
HOSTILE = [
    {"fault": "accepted_silent", "probability": 0.14},
    {"fault": "refused_silent", "probability": 0.12},
    {"fault": "accepted_server_error", "probability": 0.12},
    {"fault": "server_error", "probability": 0.13},
    {"fault": "server_error_html", "probability": 0.10},
    {"fault": "hang", "probability": 0.08, "seconds": 3},
    {"fault": "accepted_hang", "probability": 0.08, "seconds": 3},
    {"fault": "truncated", "probability": 0.14},
    {"fault": "rate_limited_without_reset", "probability": 0.08},
    {"fault": "accepted_duplicate", "probability": 0.06},
    {"fault": "refused_duplicate", "probability": 0.06},
]
#: Of all attempts, those that a worker's death cut included. A small run has too few for that.
HOSTILE_SHARE = choose_size(0.5, full=0.6)
#: What is promised of answers that nobody has to decide.
DECIDED_WITHIN = 300


class Workers:
    """Two send workers, one of which is killed now and then."""

    def __init__(self, simulator: Simulator) -> None:
        parts = urlsplit(os.environ["DATABASE_URL"])
        env = {
            **os.environ,
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "X_API_URL": f"{simulator.url}/x",
            "GRAPH_API_URL": f"{simulator.url}/graph",
            "OUTBOX_LEASE_SECONDS": str(LEASE),
            "OUTBOX_CHECK_DELAYS": ",".join(map(str, DELAYS)),
            "LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "tests.faults.send_worker"]
        self.parents = [
            subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        self.pids = [int(parent.stdout.readline()) for parent in self.parents]

    def kill(self, which: int) -> None:
        os.kill(self.pids[which], signal.SIGKILL)
        self.pids[which] = int(self.parents[which].stdout.readline())

    def stop(self) -> None:
        for parent, pid in zip(self.parents, self.pids, strict=True):
            parent.kill()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            parent.wait()
            parent.stdout.close()


@pytest.fixture
def simulator():
    found = Simulator("--limits", "off", "--rate", "0", "--quiet")
    yield found
    found.stop()


@pytest.fixture
def workers(simulator):
    found = []

    def start() -> Workers:
        found.append(Workers(simulator))
        return found[0]

    yield start
    for one in found:
        one.stop()


def questions(simulator: Simulator) -> list[Message]:
    """Of six brand accounts, each asked by somebody else: the answers of one leave one after another."""
    service, asked = DepartmentFactory(), []
    for network, handle in ACCOUNTS:
        kind = "public" if network == "x" else "comment"
        if handle != "kettleandfern":
            simulator.post("/_sim/accounts", {"network": network, "handle": handle})
        own = simulator.account(network, handle)
        brand = BrandAccountFactory(network=network, remote_id=own["remote_id"], handle=own["handle"])
        store_credential(brand, own["secrets"], now=timezone.now())
        said = simulator.post(
            "/_sim/messages",
            [
                {
                    "network": network,
                    "account": handle,
                    "kind": kind,
                    "text": f"Question {n}?",
                    "author": f"{handle}{n}",
                }
                for n in range(ANSWERS // len(ACCOUNTS))
            ],
        )
        for one in said["messages"]:
            identity = IdentityFactory(network=network, remote_id=one["author"])
            case = CaseFactory(
                brand_account=brand, department=service, identity=identity, thread_id=one["thread"]
            )
            ref = (
                {"tweet_id": one["id"], "author_id": one["author"]}
                if network == "x"
                else {"object_id": one["id"], "kind": "comment", "thread_id": one["id"]}
            )
            asked.append(MessageFactory(case=case, canonical_id=one["id"], text=one["text"], reply_ref=ref))
    # In turn: the answers of all accounts are due all the time.
    each = ANSWERS // len(ACCOUNTS)
    return [asked[number * each + turn] for turn in range(each) for number in range(len(ACCOUNTS))]


def published(simulator: Simulator) -> list[dict]:
    return [
        one for one in simulator.get("/_sim/ledger.json")["messages"] if one["by_brand"] and one["in_reply_to"]
        and one["origin"] == "api"
    ]  # fmt: skip


def undecided() -> int:
    settled = (ReplyState.SENT, ReplyState.FAILED)
    return Reply.objects.exclude(state__in=settled).exclude(needs_person=True).count()


def undecided_for() -> float:
    """Seconds since the oldest attempt whose outcome is still open."""
    open_ones = Reply.objects.filter(
        state__in=(ReplyState.SENDING, ReplyState.UNCONFIRMED), needs_person=False
    )
    oldest = open_ones.aggregate(at=Min("sending_since"))["at"]
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def wait_until_decided(seconds: float) -> tuple[float, float]:
    """Seconds that it took, and for how long one attempt was undecided at most."""
    began, longest = time.monotonic(), undecided_for()
    while undecided() and time.monotonic() - began < seconds:
        time.sleep(0.25)
        longest = max(longest, undecided_for())
    return time.monotonic() - began, longest


def wait_until_both_send(seconds: float) -> None:
    """Until each worker has an answer in its hands, or for so long: a kill between answers shows nothing."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        # Not those of workers that were killed before.
        since = timezone.now() - dt.timedelta(seconds=1.5)
        if Reply.objects.filter(state=ReplyState.SENDING, sending_since__gt=since).count() >= 4:
            return
        time.sleep(0.01)


def compare(simulator: Simulator) -> Counter[str]:
    """The outcomes, after each has been held against the ledger."""
    stands = published(simulator)
    by_text = {one["text"]: one for one in stands}
    doubled = [text for text, n in Counter(one["text"] for one in stands).items() if n > 1]
    assert doubled == [], f"posted twice: {doubled}"
    assert [text for text, n in Counter(one["in_reply_to"] for one in stands).items() if n > 1] == []
    for reply in Reply.objects.select_related("parent", "case"):
        there = by_text.get(reply.text)
        if reply.state == ReplyState.SENT:
            assert there is not None, f"called sent, but not there: {reply.text}"
            assert reply.remote_id in there["ids"]
            assert there["in_reply_to"] == reply.parent.remote_id
            assert Message.objects.filter(canonical_id=reply.remote_id, direction="out").count() == 1
        elif reply.state == ReplyState.FAILED or "not found" in reply.error:
            assert there is None, f"called {reply.state}, but there: {reply.text} ({reply.error})"
        if reply.state != ReplyState.SENT:
            assert reply.case.unsent, f"{reply.state}, and not in the view: {reply.text}"
            assert Notice.objects.filter(user=reply.author_id, case=reply.case_id).exists(), reply.text
    return Counter(Reply.objects.values_list("state", flat=True))


def test_answers_and_kills_no_double_post(simulator, workers):
    dice = random.Random(42)
    asked = questions(simulator)
    brands = {one.brand_account for one in asked}
    author = UserFactory(departments=[asked[0].case.department], publishes=brands, role=Role.AGENT)
    manager = UserFactory(departments=[asked[0].case.department], publishes=brands, role=Role.MANAGER)
    # X would refuse the same text twice and hide what this test is looking for.
    simulator.post("/_sim/settings", {"x_duplicates": False})
    simulator.post("/_sim/faults", {"seed": 7})
    simulator.post("/_sim/faults", [{**fault, "kind": "write"} for fault in HOSTILE])
    simulator.post("/_sim/faults", [{"fault": "slow", "seconds": 0.6, "probability": 0.5}])
    running = workers()
    began = timezone.now()
    for number, question in enumerate(asked):
        due = began + dt.timedelta(seconds=SECONDS * number / ANSWERS)
        ReplyFactory(
            parent=question, author=author, text=f"Answer {number} is here.", created_at=began, send_after=due
        )
    for _ in range(KILLS):
        time.sleep(dice.uniform(0.6, 1.0) * SECONDS / KILLS)
        wait_until_both_send(1.5)
        running.kill(dice.randrange(2))

    # Retries after "slow down" begin 5 s later and double; then the lease and the looks.
    took, longest = wait_until_decided(900)
    assert undecided() == 0, f"{undecided()} undecided after {took:.0f} s"
    assert longest <= DECIDED_WITHIN
    outcomes = compare(simulator)
    assert outcomes[ReplyState.SENT] >= ANSWERS / 3
    # The test shows something only when much went wrong, and workers died with answers in their hands.
    hostile = sum(one["hits"] for one in simulator.get("/_sim/faults")["faults"] if one["fault"] != "slow")
    attempts = Reply.objects.aggregate(n=Sum("attempts"))["n"]
    died = CaseEvent.objects.filter(
        verb=Verb.REPLY_UNCONFIRMED, data__reason__startswith="Sending was interrupted"
    ).count()
    went_wrong = hostile / attempts
    assert went_wrong >= HOSTILE_SHARE, f"only {hostile} of {attempts} attempts went wrong, {died} cut"
    assert died >= 3, f"only {died} answers were under way when a worker was killed"

    unsent = Reply.objects.exclude(state=ReplyState.SENT).count()
    page = signed_in(manager).get(reverse("inbox:queue_unsent")).content.decode()
    assert re.search(rf'Not sent <span class="n">{unsent}<', page)
    # One for the whole department, not one for each.
    assert Notice.objects.filter(user=manager).exists()

    # The manager has the rest sent again, on a network that is well by now: each question ends with one answer, but for
    # those that the network called duplicates. Their words have to change.
    end_faults(simulator)
    for reply in Reply.objects.filter(state=ReplyState.UNCONFIRMED):
        verbs.settle_reply(reply.pk, manager, "again", now=timezone.now())
    wait_until_decided(300)
    print(
        f"\n{hostile} of {attempts} attempts hostile ({went_wrong:.0%}), {died} cut by {KILLS} kills; decided {took:.1f} s after the last "
        f"kill, each at most {longest:.0f} s after its attempt: {dict(outcomes)}; {unsent} in the view; "
        f"then {dict(compare(simulator))}; {ANSWERS} answers, {len(published(simulator))} on the networks"
    )
    ended = compare(simulator)
    assert set(ended) <= {ReplyState.SENT, ReplyState.FAILED}
    assert ended[ReplyState.FAILED] == outcomes[ReplyState.FAILED]
    assert len(published(simulator)) == ended[ReplyState.SENT]


def end_faults(simulator: Simulator) -> None:
    requests.delete(f"{simulator.url}/_sim/faults", timeout=10).raise_for_status()
