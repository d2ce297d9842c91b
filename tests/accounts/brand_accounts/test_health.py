"""The health of a brand account: a fact of what was fetched, said on its page, the sick account first."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts.brand_accounts import checked, checks
from accounts.models import BrandAccount, Department, Stream
from inbox import connections
from inbox.ingest import polling
from networks.base import MissingPermission, OwnAccount, RetryLater
from networks.registry import CONNECTORS
from routing.rules.versions import clear_rules_cache
from tests.accounts.conftest import signed_in
from tests.factories import NOW, BrandAccountFactory, StreamFactory, UserFactory
from tests.inbox.fake_connector import FakeConnector
from tests.inbox.leased_streams import publish_rules
from tests.inbox.page_requests import count_statements
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
REFUSAL = MissingPermission("The token lacks dm.read.", scope="dm.read")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def fetched(brand_account):
    """An account whose only stream was fetched a moment ago."""
    Stream.objects.update(last_success_at=NOW - MINUTE, next_poll_at=NOW + MINUTE)
    return brand_account


class VerifiedConnector(FakeConnector):
    """A connector whose credential is accepted, whatever becomes of its polls."""

    def verify(self):
        return OwnAccount("9000", "kettle", "Kettle", ("tweet.read",))


@pytest.fixture
def network(fetched, monkeypatch):
    Department.objects.update(slug="own")
    publish_rules()
    clear_rules_cache()
    connector = VerifiedConnector()
    BrandAccount.objects.update(remote_id="9000")
    monkeypatch.setitem(CONNECTORS, "x", connector)
    monkeypatch.setattr(polling, "connect_renewed", lambda account, now: connector)
    monkeypatch.setattr(checks, "open_renewed_connector", lambda account, build, now: (connector, None))
    yield connector
    connections.forget_connectors()


def page_of(client):
    return squeezed(client.get(reverse("accounts:brand_accounts")))


def poll(at):
    # An account that fails is given one stream at a time.
    while leased := polling.lease_due_streams(at):
        for stream_id, token in leased:
            polling.poll_leased_stream(stream_id, token, clock=lambda: at)


def press_check(client, account):
    return squeezed(client.post(reverse("accounts:brand_account_check", args=[account.pk]), follow=True))


def test_what_is_fetched_is_healthy(admin, fetched):
    assert '<span class="chip ok">Healthy</span>' in page_of(admin)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"failures": 1, "last_error_kind": "unwell"}, "Network not responding"),
        ({"failures": 1, "last_error_kind": "permission"}, "Missing permission"),
        ({"failures": 1, "last_error_kind": "limited"}, "Limited by the network"),
        ({"failures": 3, "last_error_kind": "unwell"}, "Nothing fetched since 09:59"),
        ({"next_poll_at": NOW + 14 * MINUTE}, "Waits until 10:14"),
        ({"last_success_at": None}, "Not fetched yet"),
        ({"enabled": False}, "Paused"),
        ({"last_success_at": NOW - 45 * MINUTE, "next_poll_at": NOW - 44 * MINUTE}, "Nothing fetched since 09:15"),
        ({"last_success_at": NOW - 45 * MINUTE, "failures": 2}, "Nothing fetched since 09:15"),
    ],
)  # fmt: skip
def test_what_waits_fails_or_is_silent_is_never_healthy(admin, fetched, changes, words):
    Stream.objects.update(**changes)
    page = page_of(admin)
    assert words in page
    assert ">Healthy<" not in page


def test_silence_is_measured_by_the_streams_own_interval(admin, fetched):
    Stream.objects.update(interval=900, last_success_at=NOW - 45 * MINUTE, next_poll_at=NOW - 5 * MINUTE)
    assert "Nothing fetched since" not in page_of(admin)
    Stream.objects.update(last_success_at=NOW - 61 * MINUTE)
    assert "Nothing fetched since 08:59" in page_of(admin)


def test_an_accepted_credential_does_not_hide_a_refused_stream(admin, network, fetched):
    network.script = [REFUSAL]
    poll(NOW + MINUTE)
    checks.check_credential(fetched.pk, NOW + MINUTE)

    fetched.refresh_from_db()
    assert fetched.health == "permission"
    page = page_of(admin)
    assert "Missing permission" in page
    assert "Mentions: X refuses them, because our credential was not given permission." in page
    assert ">Healthy<" not in page


def test_check_now_fetches_every_stream_and_says_what_came_of_it(admin, network, fetched, clock):
    StreamFactory(brand_account=fetched, kind="direct", next_poll_at=NOW + MINUTE)
    network.script = [REFUSAL, REFUSAL]
    poll(NOW + MINUTE)
    assert Stream.objects.filter(next_poll_at__gte=NOW + 60 * MINUTE).count() == 2
    clock.move_to(NOW + 2 * MINUTE)

    page = press_check(admin, fetched)

    assert "Being checked and fetched now." in page
    assert 'hx-trigger="every 2s"' in page
    network.script = []
    poll(NOW + 2 * MINUTE)
    for account_id in checks.claim_due_checks(NOW + 2 * MINUTE):
        checks.check_credential(account_id, NOW + 2 * MINUTE)
    page = page_of(admin)
    assert "Checked at 10:02: Direct messages and mentions fetched." in page
    assert '<span class="chip ok">Healthy</span>' in page
    assert "every 2s" not in page


def test_check_now_says_what_still_fails(admin, network, fetched, clock):
    network.script = [REFUSAL, REFUSAL]
    poll(NOW + MINUTE)
    clock.move_to(NOW + 2 * MINUTE)
    press_check(admin, fetched)
    poll(NOW + 2 * MINUTE)
    checks.check_credential(fetched.pk, NOW + 2 * MINUTE)
    page = page_of(admin)
    assert "Checked at 10:02: Mentions could not be fetched." in page
    assert ">Healthy<" not in page


def test_check_now_keeps_a_time_that_the_network_has_set(admin, network, fetched, clock):
    network.script = [RetryLater("Slow down.", at=NOW + 10 * MINUTE)]
    poll(NOW + MINUTE)
    clock.move_to(NOW + 2 * MINUTE)
    press_check(admin, fetched)
    checks.check_credential(fetched.pk, NOW + 2 * MINUTE)
    assert Stream.objects.get().next_poll_at >= NOW + 10 * MINUTE
    assert "Mentions: X has asked us to wait until 10:10." in page_of(admin)


def test_check_now_without_a_worker_says_so(admin, fetched, clock):
    press_check(admin, fetched)
    clock.move_to(NOW + 3 * MINUTE)
    page = page_of(admin)
    assert "nothing has come of it yet" in page
    assert "every 2s" not in page


def test_a_credential_that_works_again_is_fetched_with_at_once(network, fetched):
    BrandAccount.objects.update(health="reauthorise")
    Stream.objects.update(failures=1, last_error_kind="reauthorise", next_poll_at=NOW + 60 * MINUTE)
    checks.check_credential(fetched.pk, NOW)
    fetched.refresh_from_db()
    assert (fetched.health, Stream.objects.get().next_poll_at) == ("ok", NOW)


def test_a_poll_that_succeeds_forgets_what_the_last_error_meant(network, fetched):
    network.script = [REFUSAL]
    poll(NOW + MINUTE)
    stream = Stream.objects.get()
    assert (stream.last_error_kind, stream.last_failed_at) == ("permission", NOW + MINUTE)
    checked.request_check(fetched, now=NOW + 2 * MINUTE)
    poll(NOW + 2 * MINUTE)
    assert Stream.objects.get().last_error_kind == ""


def test_a_stream_that_is_resumed_is_not_healthy_before_it_was_fetched(admin, network, fetched):
    network.script = [REFUSAL]
    poll(NOW + MINUTE)
    for enabled in "01":
        admin.post(reverse("accounts:stream_switch", args=[fetched.pk, "mentions"]), {"enabled": enabled})
    BrandAccount.objects.update(health="ok")
    page = page_of(admin)
    assert "Not fetched again yet" in page
    assert ">Healthy<" not in page
    poll(NOW + MINUTE)
    assert ">Healthy<" in page_of(admin)


def test_the_sick_account_stands_first(admin, fetched):
    for handle in ("aster", "zinnia"):
        account = BrandAccountFactory(handle=handle)
        StreamFactory(brand_account=account, last_success_at=NOW, next_poll_at=NOW + MINUTE)
    BrandAccount.objects.filter(handle="zinnia").update(health="reauthorise", health_since=NOW)
    page = page_of(admin)
    places = [page.index(f"<h2>@{handle}</h2>") for handle in ("zinnia", "aster", "kettle")]
    assert places == sorted(places)
    assert 'class="tile sick late"' in page


def test_the_page_costs_no_more_statements_with_sick_accounts(admin, fetched):
    address = reverse("accounts:brand_accounts")
    few = count_statements(admin, address)
    for _ in range(5):
        StreamFactory(failures=4, last_error_kind="unwell", next_poll_at=NOW + MINUTE)
    assert count_statements(admin, address) == few


class TestBlindSpots:
    def test_everybody_reads_what_cannot_be_read_and_why(self, fetched):
        page = page_of(signed_in(UserFactory()))
        assert "What cannot be read here" in page
        assert "Direct messages older than 30 days" in page
        assert "X returns the last 30 days." in page
        assert "X has not said which permissions were granted." in page

    def test_a_granted_permission_takes_its_line_away(self, admin, department):
        page = self.facebook_page(
            admin, ["pages_read_engagement", "pages_read_user_content", "pages_messaging"]
        )
        assert "Comments under advertisements" in page
        assert "only with the permission “pages_messaging”" not in page
        page = self.facebook_page(admin, ["pages_show_list", "ads_read"])
        assert "Comments under advertisements" not in page
        assert "only with the permission “pages_messaging”" in page
        assert "Granted: <code>ads_read</code>, <code>pages_show_list</code>." in page
        assert "Asked for and not granted:" in page

    def test_what_the_network_hides_now_is_named_and_after_a_while_a_trouble(self, admin, fetched):
        part = {"key": "hidden", "what": "Comments under one post or photo", "why": "Facebook lists it and hides it.",
                "is_trouble": True, "since": (NOW - 5 * MINUTE).isoformat()}  # fmt: skip
        Stream.objects.update(unread=[part])
        page = page_of(admin)
        assert '<b>Comments under one post or photo</b> <span class="chip">Hidden now</span>' in page
        assert "Not everything can be read" not in page
        Stream.objects.update(unread=[part | {"since": (NOW - 11 * MINUTE).isoformat()}])
        page = page_of(admin)
        assert '<span class="chip late">Not everything can be read</span>' in page
        assert "Not read: Comments under one post or photo. Facebook lists it and hides it." in page

    def test_what_was_refused_replaces_what_is_said_of_every_account(self, admin):
        account = BrandAccountFactory(network="facebook")
        StreamFactory(brand_account=account, kind="comments", last_success_at=NOW, unread=[
            {"key": "advertisements", "what": "Comments under advertisements", "why": "It was refused.", "is_trouble": False},
        ])  # fmt: skip
        page = page_of(admin)
        assert page.count("Comments under advertisements") == 1
        assert "It was refused." in page
        assert ">Healthy<" in page

    @staticmethod
    def facebook_page(client, scopes):
        BrandAccount.objects.all().delete()
        BrandAccountFactory(network="facebook", granted_scopes=scopes)
        return page_of(client)
