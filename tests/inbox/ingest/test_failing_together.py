"""Streams of one brand account that fail together, and polls whose worker dies."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import OperationalError

from accounts.brand_accounts.connecting import connect_brand_account
from accounts.models import BrandAccount, Health, Stream
from inbox.ingest import poll_failures, polling
from inbox.ingest.page import PAGE_LEASE, store_page
from inbox.replies import outcomes
from networks.base import BudgetExhausted, MissingPermission, Reauthorise, RetryLater
from tests.factories import NOW, BrandAccountFactory, StreamFactory
from tests.inbox.fake_connector import message, page
from tests.inbox.leased_streams import leased_stream, publish_rules
from tests.inbox.replies.test_races import at_once

ROUNDS = 60
KINDS = ("mentions", "comments", "direct", "visitor_posts")
SECOND = dt.timedelta(seconds=1)


def leased_streams(brand_account, count):
    return [leased_stream(brand_account=brand_account, kind=kind) for kind in KINDS[:count]]


def lease_again(stream):
    stream.lease_token = uuid.uuid4()
    Stream.objects.filter(pk=stream.pk).update(lease_token=stream.lease_token, failures=0)


# Without the second try, which would hide a deadlock.
record_once = poll_failures.record_poll_failure.__wrapped__


def failing(stream, error):
    token = stream.lease_token
    return lambda: record_once(stream, token, error, NOW, started=NOW)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "error",
    [
        BudgetExhausted("Allowance spent.", until=NOW + 3600 * SECOND),
        Reauthorise("The token was revoked."),
        MissingPermission("A permission is missing."),
        RetryLater("Slow down.", at=NOW + 60 * SECOND),
    ],
    ids=lambda error: type(error).__name__,
)
def test_three_streams_that_fail_in_the_same_instant_wait_for_each_other(error):
    brand_account = BrandAccountFactory()
    streams = leased_streams(brand_account, 3)
    for _ in range(ROUNDS):
        for stream in streams:
            lease_again(stream)
        BrandAccount.objects.filter(pk=brand_account.pk).update(health=Health.OK)
        assert at_once(*[failing(stream, error) for stream in streams]) == [None] * 3
        counted = Stream.objects.filter(brand_account=brand_account).values_list("failures", "lease_token")
        assert list(counted) == [(1, None)] * 3


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_failing_storing_connecting_and_sending_take_their_locks_in_one_order():
    publish_rules()
    brand_account = BrandAccountFactory(network="x")
    fails, fails_too, stores = leased_streams(brand_account, 3)
    spent = BudgetExhausted("Allowance spent.", until=NOW + 3600 * SECOND)

    def connect_again():
        connect_brand_account(
            network="x",
            remote_id=brand_account.remote_id,
            handle="acme",
            name="Acme",
            secrets={"access_token": "a", "bearer_token": "b", "consumer_key": "c", "consumer_secret": "d"}
            | {"access_token_secret": "e"},
            owner_department=None,
            by=None,
            now=NOW,
            verify=False,
        )

    for number in range(ROUNDS):
        for stream in (fails, fails_too, stores):
            lease_again(stream)
        results = at_once(
            failing(fails, spent),
            failing(fails_too, spent),
            lambda number=number: (
                store_page(stores, stores.lease_token, page([message(str(number))]), NOW).stored
            ),
            connect_again,
            lambda: outcomes.record_brand_account_health.__wrapped__(
                brand_account.pk, spent, started=NOW, now=NOW
            ),
            lambda: list(polling.lease_due_streams(NOW) and []),
        )
        assert results == [None, None, 1, None, None, []]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_failure_that_postgres_ends_is_counted_at_the_second_try(monkeypatch):
    stream = leased_stream()
    monkeypatch.setattr("postgres.retries._PAUSES", (0.0, 0.0, 0.0))
    retry_at, ended = poll_failures.retry_at, []

    def end_once(*arguments):
        if not ended:
            ended.append(True)
            raise OperationalError("deadlock detected")
        return retry_at(*arguments)

    monkeypatch.setattr(poll_failures, "retry_at", end_once)
    poll_failures.record_poll_failure(stream, stream.lease_token, RetryLater("Slow."), NOW, started=NOW)
    stream.refresh_from_db()
    assert (stream.failures, stream.lease_token, stream.polling_since) == (1, None, None)


@pytest.mark.django_db
class TestInterruptedPolls:
    def interrupted(self, **changes):
        return StreamFactory(
            lease_token=uuid.uuid4(),
            lease_until=NOW,
            polling_since=NOW - PAGE_LEASE,
            next_poll_at=NOW,
            **changes,
        )

    def test_the_first_is_counted_and_polled_again_at_once(self):
        stream = self.interrupted()
        assert [pk for pk, _ in polling.lease_due_streams(NOW)] == [stream.pk]
        stream.refresh_from_db()
        assert (stream.failures, stream.last_failed_at, stream.polling_since) == (1, NOW, None)
        assert "its worker was stopped" in stream.last_error

    def test_one_after_the_other_waits_longer_and_longer(self, settings):
        settings.POLL_INTERVAL_MIN, settings.POLL_INTERVAL_MAX = 60.0, 900.0
        waits = []
        for failures in (1, 2, 3, 30):
            stream = self.interrupted(failures=failures)
            assert polling.lease_due_streams(NOW) == []
            stream.refresh_from_db()
            waits.append((stream.next_poll_at - NOW).total_seconds())
            assert (stream.failures, stream.lease_token) == (failures + 1, None)
        assert waits == [120, 240, 480, 900]

    def test_a_poll_under_way_and_one_that_never_began_are_not_counted(self):
        under_way = self.interrupted()
        Stream.objects.filter(pk=under_way.pk).update(lease_until=NOW + SECOND)
        never_began = StreamFactory(lease_token=uuid.uuid4(), lease_until=NOW, next_poll_at=NOW)
        assert [pk for pk, _ in polling.lease_due_streams(NOW)] == [never_began.pk]
        assert set(Stream.objects.values_list("failures", flat=True)) == {0}

    def test_the_mark_is_set_by_the_poll_and_removed_by_its_end(self, monkeypatch):
        publish_rules()
        stream = StreamFactory(next_poll_at=NOW)
        [(_, token)] = polling.lease_due_streams(NOW)
        seen = []

        def look(*_, **__):
            seen.append(Stream.objects.get(pk=stream.pk).polling_since)
            raise RetryLater("Slow down.")

        monkeypatch.setattr(polling, "connect_renewed", look)
        polling.poll_leased_stream(stream.pk, token, clock=lambda: NOW)
        assert seen == [NOW]
        assert Stream.objects.get(pk=stream.pk).polling_since is None


@pytest.mark.django_db
class TestShareOfTheWorkers:
    def test_two_streams_of_an_account_at_once_the_longest_waiting_first(self):
        brand_account = BrandAccountFactory()
        streams = [
            StreamFactory(brand_account=brand_account, kind=kind, next_poll_at=NOW - number * SECOND)
            for number, kind in enumerate(KINDS)
        ]
        other = StreamFactory(next_poll_at=NOW)
        leased = {pk for pk, _ in polling.lease_due_streams(NOW)}
        assert leased == {streams[3].pk, streams[2].pk, other.pk}
        assert polling.lease_due_streams(NOW + SECOND) == []
        Stream.objects.filter(pk=streams[3].pk).update(lease_until=None, next_poll_at=NOW + 60 * SECOND)
        assert [pk for pk, _ in polling.lease_due_streams(NOW + SECOND)] == [streams[1].pk]

    def test_one_stream_of_an_account_that_fails(self):
        brand_account = BrandAccountFactory()
        first, *_ = [
            StreamFactory(
                brand_account=brand_account, kind=kind, next_poll_at=NOW + number * SECOND, failures=1
            )
            for number, kind in enumerate(KINDS)
        ]
        assert [pk for pk, _ in polling.lease_due_streams(NOW + 10 * SECOND)] == [first.pk]
        assert polling.lease_due_streams(NOW + 11 * SECOND) == []

    def test_on_request_all_of_them(self):
        brand_account = BrandAccountFactory()
        for kind in KINDS:
            StreamFactory(brand_account=brand_account, kind=kind, failures=1)
        assert len(polling.lease_due_streams(NOW, all_streams=True)) == 4
