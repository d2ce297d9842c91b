"""kill -9 of workers while they ingest from a faulty network: nothing is lost, nothing doubled (R1, R2, R10).

`manage.py test --full` does it with 20,000 messages and 20 kills.
"""

import os
import random
import time

import pytest
from django.db import connection
from django.db.models import Count, Sum

from accounts.models import Stream
from config.testing.quick import choose_size
from inbox.models import Case, CaseEvent, Custody, Decision, Message, Quarantined, Verb
from tests.faults.fleet import FAULTS, Fleet, Poster, Truth, fleet, stored_by_account, wait_until

MESSAGES = int(os.environ.get("HORSESHOE_KILL_MESSAGES") or choose_size(600, full=20_000))
KILLS = int(os.environ.get("HORSESHOE_KILLS") or choose_size(3, full=20))
SEED = int(os.environ.get("HORSESHOE_KILL_SEED", "11"))
#: Nothing new for so long means that nothing more will come: longer than a lease and a few polls.
STILL = 30.0
#: Before that, workers that were killed have to come up again, on a machine that may be busy.
PATIENCE = 45.0

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def ingest(running: Fleet, *flags: str, messages: int, kills: int, still: float = STILL) -> dict[str, float]:
    """Post, poll and kill until everything is in or nothing moves any more (`still` seconds)."""
    poster = Poster(running, running.connect(), messages, SEED)
    running.ask("POST", "faults", [{"seed": SEED}, *FAULTS])
    rng = random.Random(SEED)
    workers = [running.worker(*flags), running.worker(*flags)]
    running.beat()
    killed, best, moved, started, calm = 0, 0, time.monotonic(), time.monotonic(), False
    while time.monotonic() - moved < (still if calm else PATIENCE):
        by_account = stored_by_account()
        stored = by_account.total()
        if stored > best:
            best, moved = stored, time.monotonic()
        if stored >= messages and killed >= kills:
            break
        if poster.done and killed == kills and not calm:
            # The rest may come in peace: a round through a Page's thousand comments takes minutes among faults.
            running.ask("DELETE", "faults")
            calm, moved = True, time.monotonic()
        poster.post(by_account)
        if killed < kills and stored >= messages * (killed + 1) / (kills + 2):
            poster.post(by_account)
            if killed % 3 < 2:
                number = running.kill_in_the_act(workers)
            else:
                number = rng.randrange(2)
                time.sleep(rng.uniform(0, 0.3))
                running.kill(workers[number])
            workers[number] = running.worker(*flags)
            killed += 1
        time.sleep(0.05)
    assert killed == kills, f"only {killed} kills happened"
    seconds = time.monotonic() - started
    # A little longer: whatever would be stored twice has the time to come twice.
    time.sleep(3)
    return {"seconds": seconds, "per_second": best / seconds}


def assert_whole() -> None:
    """Cases, decisions, history and custody fit the messages."""
    inbound = Message.objects.filter(direction="in").count()
    assert Decision.objects.count() == inbound
    assert Case.objects.aggregate(n=Sum("message_count"))["n"] == Message.objects.count()
    wrong = Case.objects.annotate(n=Count("messages")).exclude(n=0).values_list("message_count", "n")
    assert all(kept == counted for kept, counted in wrong)
    cases = Case.objects.count()
    for verb in (Verb.OPENED, Verb.ROUTED):
        assert CaseEvent.objects.filter(verb=verb).count() == cases
    assert Custody.objects.filter(left_at=None).count() == cases
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(delta), 0) FROM inbox_casecount")
        assert cursor.fetchone()[0] == Case.objects.open().count()


def test_nothing_is_lost_and_nothing_doubled():
    with fleet() as running:
        figures = ingest(running, messages=MESSAGES, kills=KILLS)
        truth = Truth(running)
        print(
            f"\n{KILLS} kills, {truth}, {figures['per_second']:.0f} messages/s over {figures['seconds']:.0f} s"
        )
        assert not Stream.objects.exclude(overflowed_at=None).exists(), "the network's own window overflowed"
        assert not (truth.lost or truth.doubled or truth.invented or truth.changed), truth
        assert not Quarantined.objects.exists()
        assert_whole()


@pytest.mark.skipif(not choose_size(0, full=1), reason="proves the test above, in a full run")
def test_the_test_sees_a_cursor_that_is_stored_first():
    """One stream, so that nothing else can find what a kill loses, and no faults, which let a window begin anew."""
    with fleet() as running:
        accounts = [one for one in running.connect() if one["network"] == "x"][:1]
        remote_id = accounts[0]["remote_id"]
        Stream.objects.exclude(brand_account__remote_id=remote_id, kind="mentions").delete()
        poster = Poster(running, accounts, 1200, SEED, {"x": ("public",)})
        workers = [running.worker("--cursor-first")]
        running.beat()
        poster.post(stored_by_account())
        assert wait_until(lambda: stored_by_account().total() == 60, 60)
        # A kill may come in a moment that loses nothing, but not one after the other.
        for _ in range(8):
            poster.post(stored_by_account())
            running.kill_in_the_act(workers, 60)
            workers = [running.worker("--cursor-first")]
            poster.post(stored_by_account())
            newest = running.ask("GET", "ledger.json")["messages"][-1]["text"]
            assert wait_until(lambda text=newest: Message.objects.filter(text=text).exists(), 60)
            truth = Truth(running)
            if truth.lost:
                break
        print(f"\ncursor first: {truth}")
        assert truth.lost


def test_a_broker_that_forgets_or_dies_costs_only_time():
    """FLUSHALL again and again, and a Valkey that is killed and comes back empty."""
    with fleet() as running:
        rounds = choose_size(3, full=6)
        messages = min(MESSAGES, 150 * rounds)
        poster = Poster(running, running.connect(), messages, SEED)
        running.worker()
        running.beat()
        slowest = 0.0
        for round_number in range(rounds):
            while poster.posted.total() < messages * (round_number + 1) / rounds:
                poster.post(stored_by_account())
                flush(running)
                time.sleep(0.05)
            if round_number % 3 == 1:
                kill_valkey(running)
            before, asked = stored_by_account().total(), time.monotonic()
            if before < poster.posted.total():
                assert wait_until(lambda before=before: stored_by_account().total() > before, 120)
                slowest = max(slowest, time.monotonic() - asked)
        assert wait_until(lambda: stored_by_account().total() >= messages, 120)
        truth = Truth(running)
        print(f"\nbroker: {truth}, resumed after at most {slowest:.1f} s")
        assert not (truth.lost or truth.doubled or truth.invented)
        assert_whole()


def flush(running: Fleet) -> None:
    import redis

    client = redis.Redis.from_url(running.valkey.url)
    client.flushall()
    client.close()


def kill_valkey(running: Fleet) -> None:
    running.valkey.process.kill()
    running.valkey.process.wait()
    time.sleep(1)
    running.valkey.start()
