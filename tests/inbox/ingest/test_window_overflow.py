"""More is written than X hands out at once: nobody can fetch it any more, so it is said. Against the simulated X."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.store import store_credential
from accounts.models import Health, Role, Stream
from inbox.ingest.page import store_page
from inbox.models import Message
from tests.factories import BrandAccountFactory, StreamFactory, UserFactory
from tests.inbox.leased_streams import publish_rules
from tests.inbox.page_requests import signed_in
from tests.simulator.conftest import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def simulator(settings):
    found = Simulator("--limits", "off", "--rate", "0", "--quiet")
    settings.NETWORK_API_URLS = {"x": f"{found.url}/x", "facebook": f"{found.url}/graph"}
    yield found
    found.stop()


@pytest.fixture
def stream(simulator):
    """Mentions that have been polled once."""
    publish_rules()
    own = simulator.account("x")
    brand = BrandAccountFactory(network="x", remote_id=own["remote_id"], handle=own["handle"])
    store_credential(brand, own["secrets"], now=timezone.now())
    found = StreamFactory(brand_account=brand, kind="mentions")
    simulator.say("@kettleandfern the first of all")
    assert not poll()["overflowed"]
    return found


def poll():
    out = StringIO()
    Stream.objects.update(next_poll_at=timezone.now())
    call_command("poll", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert not told["error"]
    return told


def burst(simulator, count, name):
    texts = [{"network": "x", "text": f"@kettleandfern {name} {n}", "author": "a"} for n in range(count)]
    simulator.post("/_sim/messages", texts)


def is_stored(text):
    return Message.objects.filter(text=f"@kettleandfern {text}").exists()


def test_a_window_that_is_too_small_is_told_everywhere(simulator, stream):
    burst(simulator, 820, "burst")
    assert poll()["overflowed"]
    assert not is_stored("burst 0")
    assert is_stored("burst 819")
    stream.refresh_from_db()
    assert stream.overflowed_at is not None
    client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
    page = client.get(reverse("accounts:brand_accounts")).content.decode()
    assert '<span class="chip risk">Possible gap</span>' in page
    assert "the oldest of it may be missing here" in page
    Stream.objects.update(overflowed_at=timezone.now() - dt.timedelta(days=8))
    assert "Possible gap" not in client.get(reverse("accounts:brand_accounts")).content.decode()
    Stream.objects.update(overflowed_at=timezone.now())
    type(stream.brand_account).objects.update(health=Health.REAUTHORISE)
    page = client.get(reverse("accounts:brand_accounts")).content.decode()
    assert "Possible gap" not in page  # what hurts more comes first; the stream says it all the same
    assert "a gap is possible" in page


@pytest.mark.parametrize(("arrive", "lost"), [(130, True), (5, False)])
def test_what_arrives_while_paging_pushes_the_oldest_out(simulator, stream, monkeypatch, arrive, lost):
    burst(simulator, 680, "burst")
    store, pages = store_page, []

    def busy(*given):
        pages.append(given)
        if len(pages) == 3:
            burst(simulator, arrive, "meanwhile")
        return store(*given)

    monkeypatch.setattr("inbox.ingest.page.store_page", busy)
    poll()
    assert is_stored("burst 0") is not lost
    assert poll()["overflowed"] is lost  # what came meanwhile is in the next window
    assert is_stored("meanwhile 0")
    stream.refresh_from_db()
    assert (stream.overflowed_at is not None) is lost
    assert not poll()["overflowed"]
