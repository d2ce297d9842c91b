"""Networks show some messages only after newer ones: they come in all the same. Against the simulated networks."""

from __future__ import annotations

import datetime as dt
import time
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.credentials.store import store_credential
from accounts.models import Stream
from inbox.models import Case, Message
from tests.factories import BrandAccountFactory, StreamFactory
from tests.inbox.leased_streams import publish_rules
from tests.simulator.conftest import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def simulator(settings):
    found = Simulator("--limits", "off", "--rate", "0", "--quiet")
    settings.NETWORK_API_URLS = {"x": f"{found.url}/x", "facebook": f"{found.url}/graph"}
    yield found
    found.stop()


def connect(simulator, network: str, *kinds: str) -> None:
    publish_rules()
    own = simulator.account(network)
    brand = BrandAccountFactory(
        network=network,
        remote_id=own["remote_id"],
        handle=own["handle"],
        connected_at=timezone.now() - dt.timedelta(days=1),
    )
    store_credential(brand, own["secrets"], now=timezone.now())
    for kind in kinds:
        StreamFactory(brand_account=brand, kind=kind)


def poll() -> None:
    Stream.objects.update(next_poll_at=timezone.now())
    call_command("poll", stdout=StringIO())


def minutes_ago(minutes: float) -> str:
    return (timezone.now() - dt.timedelta(minutes=minutes)).isoformat()


@pytest.mark.parametrize("kind", ["public", "direct"])
def test_a_post_from_before_the_newest_known_one(simulator, kind):
    connect(simulator, "x", "mentions", "direct")
    simulator.say("@kettleandfern do you ship to Malta?", kind=kind, author="mina")
    poll()
    simulator.say("@kettleandfern my kettle leaks", kind=kind, author="lena", created_at=minutes_ago(4))
    poll()
    simulator.say("@kettleandfern thanks, found it", kind=kind, author="omar")
    poll()
    assert Message.objects.count() == Case.objects.count() == 3
    assert not Stream.objects.exclude(overflowed_at=None).exists()


def test_a_post_that_lists_show_later(simulator):
    connect(simulator, "x", "mentions")
    later = timezone.now() + dt.timedelta(seconds=2)
    simulator.say("@kettleandfern not in the list yet", author="lena", shown_at=later.isoformat())
    simulator.say("@kettleandfern at once", author="mina")
    poll()
    texts = [message.text for message in Message.objects.all()]
    # On a busy machine the list may show it by now.
    assert timezone.now() >= later or texts == ["@kettleandfern at once"]
    time.sleep(max((later - timezone.now()).total_seconds(), 0))
    poll()
    assert Message.objects.filter(text="@kettleandfern not in the list yet").exists()


def test_a_facebook_comment_later_than_what_is_read_each_time(simulator):
    connect(simulator, "facebook", "comments")
    simulator.say("Nice", network="facebook", author="mina")
    poll()
    simulator.say("It came broken", network="facebook", author="lena", created_at=minutes_ago(14))
    poll()
    assert not Message.objects.filter(text="It came broken").exists()  # below what each poll reads again
    in_ten_minutes = Stream.objects.get()
    cursor = in_ten_minutes.cursor
    Stream.objects.update(cursor={**cursor, "looks": [at - 700 for at in cursor["looks"]]})
    poll()
    assert Message.objects.get(text="It came broken").case.waiting_since is not None
