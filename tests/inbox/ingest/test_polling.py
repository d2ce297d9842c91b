import datetime as dt
import uuid

import pytest
from django.utils import timezone

from accounts.credentials.store import seal_secrets, store_credential
from accounts.models import BrandAccount, Credential, Health, Lifecycle, Stream
from inbox.ingest import polling
from inbox.ingest.page import PAGE_LEASE
from inbox.models import Message
from networks.base import (
    Budget,
    BudgetExhausted,
    Gone,
    MissingPermission,
    Reauthorise,
    Rejected,
    RetryLater,
)
from networks.registry import CONNECTORS
from tests.factories import NOW, BrandAccountFactory, StreamFactory
from tests.inbox.fake_connector import FakeConnector, message, page
from tests.inbox.leased_streams import publish_rules

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _intervals(settings):
    settings.POLL_INTERVAL_MIN, settings.POLL_INTERVAL_MAX = 60.0, 900.0


@pytest.fixture
def network(monkeypatch):
    """The fake network of all X accounts: set `.script`."""
    fake = FakeConnector()
    monkeypatch.setitem(CONNECTORS, "x", fake)
    publish_rules()
    return fake


def stream_of(brand_account=None, **changes) -> Stream:
    brand_account = brand_account or BrandAccountFactory()
    if not Credential.objects.filter(brand_account=brand_account).exists():
        store_credential(brand_account, {"token": "t"}, now=NOW)
    return StreamFactory(brand_account=brand_account, **changes)


def poll(stream, now=NOW):
    """Lease the stream and poll it, as a tick and its task do."""
    leased = dict(polling.lease_due_streams(now))
    report = polling.poll_leased_stream(stream.pk, leased[stream.pk], clock=lambda: now)
    stream.refresh_from_db()
    return report


class TestLeasing:
    def test_what_is_due_is_leased_once(self):
        due = StreamFactory()
        StreamFactory(next_poll_at=NOW + MINUTE)
        assert [one for one, _ in polling.lease_due_streams(NOW)] == [due.pk]
        assert polling.lease_due_streams(NOW) == []

    def test_a_task_that_never_ran_is_leased_again(self):
        due = StreamFactory()
        [(_, first)] = polling.lease_due_streams(NOW)
        [(again, second)] = polling.lease_due_streams(NOW + polling.QUEUE_LEASE)
        assert again == due.pk
        assert first != second

    @pytest.mark.parametrize(
        "changes",
        [
            {"enabled": False},
            {"brand_account__health": Health.REAUTHORISE},
            {"brand_account__lifecycle": Lifecycle.CLOSED},
        ],
    )
    def test_nobody_polls_what_is_switched_off_or_must_be_connected(self, changes):
        StreamFactory(**changes)
        assert polling.lease_due_streams(NOW) == []
        assert polling.lease_due_streams(NOW, all_streams=True) == []

    def test_the_longest_waiting_go_first(self):
        late = [StreamFactory(next_poll_at=NOW - n * MINUTE).pk for n in range(5)]
        assert {one for one, _ in polling.lease_due_streams(NOW, limit=2)} == set(late[-2:])

    def test_on_request_one_stream_that_is_not_due(self):
        mine = StreamFactory(next_poll_at=NOW + MINUTE)
        StreamFactory()
        leased = polling.lease_due_streams(NOW, stream_id=mine.pk, all_streams=True)
        assert [one for one, _ in leased] == [mine.pk]


class TestPages:
    def test_it_stores_page_after_page_and_gives_the_lease_back(self, network):
        stream = stream_of()
        network.script = [
            page([message("3"), message("2")], cursor="w1", more=True),
            page([message("1")], cursor="3"),
        ]
        report = poll(stream)
        assert (report.fetched, report.stored, report.pages, report.error) == (3, 3, 2, "")
        assert network.polls == [("mentions", {}), ("mentions", {"since": "w1"})]
        assert (stream.cursor, stream.lease_token, stream.lease_until) == ({"since": "3"}, None, None)
        assert (stream.last_success_at, stream.failures) == (NOW, 0)
        assert Message.objects.count() == 3

    def test_a_kill_between_pages_goes_on_where_it_stopped(self, network):
        stream = stream_of()
        network.script = [page([message("3")], cursor="w1", more=True), SystemExit()]
        with pytest.raises(SystemExit):
            poll(stream)
        network.script = [page([message("1")], cursor="3")]
        poll(stream, NOW + PAGE_LEASE)
        assert network.polls[-1] == ("mentions", {"since": "w1"})
        assert Message.objects.count() == 2

    def test_a_worker_that_was_overtaken_stores_nothing(self, network):
        stream = stream_of()
        old = uuid.uuid4()
        Stream.objects.update(lease_token=uuid.uuid4(), lease_until=NOW)
        assert "Another worker" in polling.poll_leased_stream(stream.pk, old, clock=lambda: NOW).error
        assert network.polls == []

    def test_a_worker_overtaken_while_it_fetched_stores_nothing(self, network):
        stream = stream_of()

        def overtaken(kind, cursor, limit):
            Stream.objects.update(lease_token=uuid.uuid4())
            return page([message("1")])

        network.poll = overtaken
        report = poll(stream)
        assert "another worker" in report.error
        assert not Message.objects.exists()
        assert stream.lease_token is not None

    def test_the_same_task_twice_polls_once(self, network):
        stream_of()
        [(stream_id, token)] = polling.lease_due_streams(NOW)
        polling.poll_leased_stream(stream_id, str(token), clock=lambda: NOW)
        polling.poll_leased_stream(stream_id, str(token), clock=lambda: NOW)
        assert len(network.polls) == 1

    def test_a_long_window_continues_at_the_next_tick(self, network, monkeypatch):
        monkeypatch.setattr(polling, "MAX_TASK_SECONDS", -1.0)
        stream = stream_of()
        network.script = [page([message(str(n))], cursor=str(n), more=True) for n in range(5)]
        report = poll(stream)
        assert (report.pages, report.has_more, stream.next_poll_at) == (1, True, NOW)

    def test_a_connector_is_kept_until_the_credential_changes(self, network, monkeypatch):
        made = []

        def make(self, credentials, *, api_url=""):
            made.append(credentials.secrets["token"])
            return network

        monkeypatch.setattr(FakeConnector, "__call__", make)
        stream = stream_of()
        poll(stream)
        poll(stream, stream.next_poll_at)
        assert made == ["t"]
        store_credential(stream.brand_account, {"token": "new"}, now=NOW)
        poll(stream, stream.next_poll_at)
        assert made == ["t", "new"]


class TestSchedule:
    def test_quiet_streams_are_asked_less_often_and_a_hit_brings_them_back(self, network):
        stream = stream_of(interval=60.0)
        seen = []
        for _ in range(9):
            poll(stream, stream.next_poll_at)
            seen.append(stream.interval)
        assert seen[:3] == [90.0, 135.0, 202.5]
        assert seen[-1] == 900.0
        network.script = [page([message("1")])]
        poll(stream, stream.next_poll_at)
        assert stream.interval == 60.0

    def test_a_page_of_known_messages_is_no_hit(self, network):
        stream = stream_of(interval=60.0)
        network.script = [page([message("1")]), page([message("1")])]
        poll(stream)
        poll(stream, stream.next_poll_at)
        assert stream.interval == 90.0

    def test_jitter_spreads_and_stays_within_15_percent(self, network):
        stream = stream_of(interval=40.0)
        waits = []
        for _ in range(30):
            Stream.objects.update(interval=40.0, next_poll_at=NOW)
            poll(stream)
            waits.append((stream.next_poll_at - NOW).total_seconds())
        assert 51 <= min(waits) < max(waits) <= 69

    @pytest.mark.parametrize(
        ("budget", "pauses"),
        [
            (Budget(limit=300, remaining=61), False),
            (Budget(limit=300, remaining=60, resets_at=NOW + 5 * MINUTE), True),
            (Budget(used=0.79), False),
            (Budget(used=0.8, resets_at=NOW + 5 * MINUTE), True),
            (Budget(), False),
            (Budget(limit=0, remaining=0), False),
        ],
    )
    def test_a_fifth_of_the_budget_is_left_for_answers(self, network, budget, pauses):
        stream = stream_of()
        network.script = [page([message("1")], cursor="w", more=True, budget=budget), page([message("2")])]
        report = poll(stream)
        assert report.pages == (1 if pauses else 2)
        if pauses:
            assert stream.next_poll_at == NOW + 5 * MINUTE
            assert stream.cursor == {"since": "w"}


class TestFailures:
    def test_a_revoked_token_stops_the_whole_brand_account(self, network):
        stream = stream_of(cursor={"since": "5"})
        other = stream_of(stream.brand_account, kind="comments")
        third = stream_of(stream.brand_account, kind="direct")
        neighbour = stream_of()
        leased = dict(polling.lease_due_streams(NOW, all_streams=True))
        network.script = [Reauthorise("The token was revoked.", code="89")]
        for one in (stream, other, third):
            polling.poll_leased_stream(one.pk, leased[one.pk], clock=lambda: NOW)
        assert len(network.polls) == 1
        brand = BrandAccount.objects.get(pk=stream.brand_account_id)
        assert (brand.health, brand.health_since) == (Health.REAUTHORISE, NOW)
        assert "revoked" in brand.health_detail
        later = NOW + dt.timedelta(hours=1)
        assert [one for one, _ in polling.lease_due_streams(later)] == [neighbour.pk]
        brand.health = Health.OK
        brand.save()
        network.polls.clear()
        Stream.objects.exclude(pk=stream.pk).update(next_poll_at=later + MINUTE)
        poll(stream, later)
        assert network.polls == [("mentions", {"since": "5"})]

    def test_an_account_connected_again_meanwhile_is_not_called_revoked(self, network):
        stream = stream_of()

        def connect_meanwhile(kind, cursor, limit):
            Credential.objects.update(updated_at=NOW + dt.timedelta(seconds=2))
            raise Reauthorise("The token was revoked.", code="89")

        network.poll = connect_meanwhile
        poll(stream)
        assert BrandAccount.objects.get().health == Health.OK
        assert Stream.objects.get().failures == 1

    def test_a_token_revoked_in_mid_batch_costs_at_most_one_more_call(self, network):
        stream = stream_of()

        def revoke_meanwhile(kind, cursor, limit):
            network.polls.append((kind, cursor))
            BrandAccount.objects.update(health=Health.REAUTHORISE)
            return page([message(str(len(network.polls)))], more=True)

        network.poll = revoke_meanwhile
        poll(stream)
        assert len(network.polls) == 1
        assert Message.objects.count() == 1

    def test_a_credential_that_cannot_be_opened_asks_for_a_person(self, network):
        stream = stream_of()
        Credential.objects.update(envelope=seal_secrets("x", "somebody else", {"token": "t"}))
        assert "belongs to another account" in poll(stream).error
        assert BrandAccount.objects.get().health == Health.REAUTHORISE
        assert network.polls == []

    def test_retry_after_is_obeyed(self, network):
        stream = stream_of()
        at = NOW + 7 * MINUTE
        network.script = [RetryLater("Slow down.", code="429", at=at)]
        poll(stream)
        assert at <= stream.next_poll_at <= at + dt.timedelta(seconds=1)
        brand = BrandAccount.objects.get()
        assert (brand.health, brand.health_until) == (Health.LIMITED, at)
        poll(stream, stream.next_poll_at)
        brand.refresh_from_db()
        assert (brand.health, brand.health_detail, brand.health_until) == (Health.OK, "", None)

    def test_a_sick_network_is_asked_ever_less_and_shown_after_three_failures(self, network):
        stream = stream_of(cursor={"since": "5"})
        network.script = [RetryLater("No answer.") for _ in range(9)]
        waits, healths, now = [], [], NOW
        for _ in range(9):
            poll(stream, now)
            waits.append((stream.next_poll_at - now).total_seconds())
            healths.append(BrandAccount.objects.get().health)
            now = stream.next_poll_at
        assert all(
            0.85 * wanted <= wait <= 1.15 * wanted
            for wait, wanted in zip(waits, [60, 120, 240, 480, *[900] * 5], strict=True)
        )
        assert healths[:3] == ["ok", "ok", "unwell"]
        assert (stream.failures, stream.cursor, stream.last_error) == (9, {"since": "5"}, "No answer.")
        poll(stream, now)
        assert (stream.failures, BrandAccount.objects.get().health) == (0, "ok")

    def test_other_streams_go_on_and_do_not_call_a_sick_account_healthy(self, network):
        sick = stream_of()
        well = stream_of(sick.brand_account, kind="comments", next_poll_at=NOW + MINUTE)
        for _ in range(3):
            network.script = [Rejected("Malformed.", code="400")]
            Stream.objects.filter(pk=sick.pk).update(next_poll_at=NOW)
            poll(sick)
        Stream.objects.filter(pk=well.pk).update(next_poll_at=NOW, lease_until=None)
        network.script = [page([message("1", stream="comments")])]
        assert poll(well).stored == 1
        assert BrandAccount.objects.get().health == Health.UNWELL
        assert (well.failures, sick.failures) == (0, 3)

    def test_a_spent_budget_rests_the_whole_account(self, network):
        stream = stream_of()
        other = stream_of(stream.brand_account, kind="comments", next_poll_at=NOW + MINUTE)
        until = NOW + dt.timedelta(days=3)
        network.script = [BudgetExhausted("Monthly cap.", until=until)]
        poll(stream)
        other.refresh_from_db()
        assert stream.next_poll_at == other.next_poll_at == until
        assert BrandAccount.objects.get().health == Health.BUDGET

    def test_a_missing_permission_rests_only_its_stream(self, network):
        stream = stream_of(kind="direct")
        other = stream_of(stream.brand_account, kind="mentions", next_poll_at=NOW + MINUTE)
        network.script = [MissingPermission("dm.read is missing.", scope="dm.read")]
        poll(stream)
        other.refresh_from_db()
        assert stream.next_poll_at == NOW + dt.timedelta(hours=1)
        assert other.next_poll_at == NOW + MINUTE
        assert BrandAccount.objects.get().health == Health.PERMISSION

    @pytest.mark.parametrize("error", [Gone("Gone."), Rejected("No.")])
    def test_any_refusal_backs_off(self, network, error):
        stream = stream_of()
        network.script = [error]
        assert poll(stream).error == str(error)
        assert stream.next_poll_at > NOW

    def test_a_defect_of_ours_is_raised_and_does_not_loop(self, network):
        stream = stream_of()
        network.script = [ZeroDivisionError("bug")]
        with pytest.raises(ZeroDivisionError):
            poll(stream)
        stream.refresh_from_db()
        assert (stream.failures, stream.lease_token, stream.last_error) == (1, None, "bug")
        assert stream.next_poll_at > NOW

    def test_revoked_is_not_painted_over_by_a_lesser_trouble(self, network):
        stream = stream_of()
        BrandAccount.objects.update(health=Health.OK)

        def revoke_then_fail(kind, cursor, limit):
            BrandAccount.objects.update(health=Health.REAUTHORISE)
            raise RetryLater("Slow down.", at=timezone.now() + MINUTE)

        network.poll = revoke_then_fail
        poll(stream)
        assert BrandAccount.objects.get().health == Health.REAUTHORISE
