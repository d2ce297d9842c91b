import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.credentials.store import store_credential
from accounts.models import BrandAccount, Health, Stream
from inbox.ingest import polling
from inbox.models import Case, ReplyState, Status
from networks.base import Reauthorise, RetryLater, UnreadableItem
from networks.registry import CONNECTORS
from tests.factories import NOW, BrandAccountFactory, ReplyFactory, StreamFactory
from tests.inbox.fake_connector import FakeConnector, message, page
from tests.inbox.leased_streams import publish_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(monkeypatch):
    fake = FakeConnector()
    monkeypatch.setitem(CONNECTORS, "x", fake)
    publish_rules()
    return fake


def connected(handle, **changes):
    brand = BrandAccountFactory(handle=handle)
    store_credential(brand, {"token": "t"}, now=NOW)
    return StreamFactory(brand_account=brand, **changes)


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_poll_says_what_came_by_stream(network):
    connected("brand")
    network.script = [
        page([message("3")], cursor="w", more=True, unreadable=(UnreadableItem("{", "not JSON"),)),
        page([message("3"), message("2")], cursor="3"),
    ]
    line = json.loads(run("poll", "--json"))
    wanted = {"network": "x", "account": "brand", "stream": "mentions", "fetched": 4, "stored": 2}
    wanted |= {"duplicates": 1, "quarantined": 1, "pages": 2, "error": ""}
    assert {key: line[key] for key in wanted} == wanted


def test_poll_asks_whether_due_or_not_and_only_the_named_account(network):
    mine = connected("mine", next_poll_at=NOW.replace(year=2090))
    connected("other")
    assert "0 fetched" in run("poll", "@MINE")
    assert len(network.polls) == 1
    assert Stream.objects.get(pk=mine.pk).last_success_at is not None


def test_poll_waits_for_the_worker_that_polls_the_stream_now(network, monkeypatch):
    stream = connected("brand")
    [(_, token)] = polling.lease_due_streams(timezone.now(), 1, all_streams=True)
    waits = []

    def worker_ends(seconds):
        waits.append(seconds)
        polling.poll_leased_stream(stream.pk, token)

    monkeypatch.setattr("inbox.management.commands.poll.time.sleep", worker_ends)
    network.script = [page([message("1")], cursor="1"), page([message("2")], cursor="2")]
    assert "1 stored" in run("poll")
    assert len(waits) == 1
    assert len(network.polls) == 2


def test_poll_says_when_the_worker_does_not_end(network, monkeypatch):
    connected("brand")
    polling.lease_due_streams(timezone.now(), 1, all_streams=True)
    monkeypatch.setattr("inbox.management.commands.poll.PAGE_LEASE", dt.timedelta(seconds=0.3))
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("poll", stdout=out)
    assert "try again later" in out.getvalue()
    assert network.polls == []


def test_poll_says_that_no_stream_is_switched_on(network):
    connected("brand", enabled=False)
    said = StringIO()
    call_command("poll", stderr=said)
    assert "no stream is switched on" in said.getvalue()
    assert network.polls == []


def test_poll_of_an_unknown_account_names_those_there_are(network):
    connected("brand")
    with pytest.raises(CommandError, match="no brand account 'nobody'.*brand"):
        run("poll", "nobody")


def test_poll_says_what_failed_and_fails(network, capsys):
    connected("brand")
    network.script = [RetryLater("X does not answer.")]
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("poll", stdout=out)
    assert "X does not answer." in out.getvalue()


def test_poll_says_that_an_account_has_to_be_connected_again(network):
    connected("brand")
    network.script = [Reauthorise("Revoked.")]
    for _ in range(2):
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("poll", "--json", stdout=out)
    assert "connected again" in json.loads(out.getvalue())["error"]
    assert BrandAccount.objects.get().health == Health.REAUTHORISE
    assert len(network.polls) == 1


def test_stats_counts(network):
    reply = ReplyFactory()
    Case.objects.filter(pk=reply.case_id).update(status=Status.RESOLVED, closed_at=NOW)
    ReplyFactory(state=ReplyState.UNCONFIRMED)
    numbers = json.loads(run("stats", "--json"))
    assert numbers["messages"] == numbers["inbound"] == numbers["cases"] == 2
    assert (numbers["open"], numbers["quarantined"]) == (1, 0)
    assert numbers["replies"]["queued"] == numbers["replies"]["unconfirmed"] == 1
    assert "1 queued" in run("stats")
