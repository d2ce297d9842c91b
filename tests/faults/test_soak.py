"""Everything at once: late posts, old posts, albums, what is hidden and deleted, faults, kills, restarts.

In the end the simulator's ledger and the database hold the same, each message once. `manage.py test --full` does it with
300 own posts, 200 kills, 5 restarts of Postgres and 20 FLUSHALL.
"""

from __future__ import annotations

import subprocess
import sys
import time

import environ
import pytest
from django.core.management import call_command
from django.db import connection

from accounts.brand_accounts.blind_spots import blind_spots_of
from accounts.models import BrandAccount, Stream
from config.embedded.postgres import Postgres
from config.testing.quick import choose_size
from inbox.models import Quarantined, Reply, ReplyState
from tests.faults.fleet import ROOT, Truth, fleet, stored_by_account
from tests.faults.nursery import Nursery
from tests.faults.soak import (
    Sizes,
    Soak,
    doubled_answers,
    own_messages,
    patiently,
    unnoticed_deletions,
    wait_for,
    wrongly_deleted,
)

SIZES = choose_size(
    Sizes(posts=120, messages=120, answers=8, kills=3, restarts=0, flushes=2, late=5),
    full=Sizes(posts=300, messages=4000, answers=200, kills=200, restarts=5, flushes=20, late=90),
)
pytestmark = [pytest.mark.slow, *([] if SIZES.restarts else [pytest.mark.django_db(transaction=True)])]
ENVIRONMENT = {
    "FAULTS_OFTEN_SECONDS": choose_size("4", full="30"),
    "POLL_INTERVAL_MIN": choose_size("0.3", full="1"),
    "POLL_INTERVAL_MAX": choose_size("0.8", full="3"),
    "POLL_LEASE_SECONDS": choose_size("3", full="10"),
    "OUTBOX_LEASE_SECONDS": "6",
    "OUTBOX_CHECK_DELAYS": "0.5,1.0,2.0,2.5",
    "LOG_LEVEL": "ERROR",
}


@pytest.fixture
def postgres(request):
    """A Postgres of its own where one is restarted: that of the suite serves other tests meanwhile."""
    return request.getfixturevalue("own_postgres") if SIZES.restarts else None


@pytest.fixture
def own_postgres(tmp_path_factory, django_db_setup, django_db_blocker):
    """A server with our tables; `connection` leads there."""
    folder = tmp_path_factory.mktemp("soak")
    server = Postgres(folder, folder / "postgres.log")
    server.start()
    with django_db_blocker.unblock():
        connection.close()
        before = dict(connection.settings_dict)
        connection.settings_dict.update(environ.Env.db_url_config(server.url))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", server.url)
            call_command("migrate", verbosity=0)
            yield server
        connection.close()
        connection.settings_dict.update(before)
    server.stop()


@pytest.fixture
def nursery_of():
    """Start a nursery with a fleet's environment."""
    started = []

    def start(running):
        with (running.folder / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=ROOT,
                env=running.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        started.append(Nursery(process))
        return started[0]

    yield start
    for one in started:
        one.close()


def trouble(soak: Soak) -> None:
    """As many steps as kills: something is posted, answered and deleted, something fails, a little comes in."""
    sizes = soak.sizes
    for step in range(sizes.kills):
        due = (step + 1) / sizes.kills
        while soak.total < due * sizes.messages:
            before = soak.total
            soak.post(min(20, sizes.messages - before), patiently(stored_by_account))
            if soak.total == before:
                break
        for what in ("answered", "natively", "deleted"):
            if soak.happened[what] < due * sizes.answers:
                patiently(lambda: soak.answer_some(1 + sizes.answers // sizes.kills))
                break
        if soak.happened["FLUSHALL"] < due * sizes.flushes:
            soak.flush_broker()
        if soak.happened["Postgres restarted"] < due * sizes.restarts:
            soak.restart_postgres()
        soak.kill()
        if step == sizes.kills // 2:
            wait_for(soak, soak.says_what_is_hidden, 120)
            soak.said = patiently(whole_said)
            soak.show_everything()
        stored = patiently(stored_by_account).total()
        wait_for(soak, lambda stored=stored: stored_by_account().total() > stored, 3)


def whole_said() -> list[str]:
    """What the account's page says that it cannot read now."""
    page = BrandAccount.objects.prefetch_related("streams").get(network="facebook")
    return [row.what for row in blind_spots_of(page).rows if row.cause in ("Hidden now", "Refused")]


def test_everything_at_once_loses_nothing_and_doubles_nothing(postgres, nursery_of):
    began = time.monotonic()
    with fleet(**ENVIRONMENT) as running:
        nursery = nursery_of(running)
        soak = Soak(running, nursery, postgres, SIZES, seed=23)
        trouble(soak)
        while soak.total < SIZES.messages:
            soak.post(min(20, SIZES.messages - soak.total), patiently(stored_by_account))
            time.sleep(0.2)
        soak.calm_down()
        troubled = time.monotonic() - began
        wait_for(soak, soak.is_over, choose_size(180, full=900))

        truth, (missing, invented, answers) = Truth(running), own_messages(soak)
        strange = [key for key in truth.invented if key[2] not in soak.deleted]
        print(
            f"\n{dict(soak.happened)}; {truth.wanted} messages on the networks: lost {len(truth.lost)}, doubled "
            f"{len(truth.doubled)}, invented {len(strange)}, changed {len(truth.changed)}; {answers} answers: lost "
            f"{len(missing)}, invented {len(invented)}, doubled {len(doubled_answers(soak))}; {len(soak.deleted)} deleted: "
            f"unnoticed {len(unnoticed_deletions(soak))}, wrongly noticed {len(wrongly_deleted(soak))}; said to be "
            f"unread: {soak.said}; {troubled:.0f} s of trouble, over {time.monotonic() - began - troubled:.0f} s later"
        )
        assert not (truth.lost or truth.doubled or strange or truth.changed), truth
        assert (missing, invented, doubled_answers(soak)) == ([], [], [])
        assert (unnoticed_deletions(soak), wrongly_deleted(soak)) == ([], [])
        assert not Reply.objects.filter(state__in=[ReplyState.QUEUED, ReplyState.SENDING]).exists()
        assert not Stream.objects.exclude(overflowed_at=None).exists(), "the network's own window overflowed"
        assert not Quarantined.objects.exists()
        assert "Comments under advertisements" in soak.said
        assert [what for what in soak.said if what.startswith("Comments under") and "post" in what]
        assert soak.unread() == set()
        assert (soak.happened["kill -9"], soak.happened["Postgres restarted"]) == (
            SIZES.kills,
            SIZES.restarts,
        )
        connection.close()
