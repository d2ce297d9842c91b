import datetime as dt

import pytest
from django.urls import reverse

from accounts.credentials.store import store_credential
from accounts.models import Role
from inbox.ingest import quarantine, retry
from inbox.models import Case, Message, Quarantined
from networks.base import Author, RetryLater, UnreadableItem
from networks.registry import CONNECTORS
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, StreamFactory, UserFactory
from tests.inbox.fake_connector import FakeConnector, message

pytestmark = pytest.mark.django_db


def quarantined(stream, remote_id="5", raw=b'{"id": "5", "text": null}', error="text expected"):
    quarantine.quarantine_items(
        stream.pk, stream.brand_account_id, [UnreadableItem(raw=raw, error=error, remote_id=remote_id)], NOW
    )
    return Quarantined.objects.latest("pk")


@pytest.fixture
def network(monkeypatch):
    fake = FakeConnector()
    monkeypatch.setitem(CONNECTORS, "x", fake)
    return fake


@pytest.fixture
def item(feed, network):
    store_credential(feed.brand_account, {"token": "t"}, now=NOW)
    return quarantined(feed.stream)


class TestSecondTry:
    def test_what_can_be_read_by_now_is_stored(self, item, network):
        network.messages_by_id["5"] = message("5")
        retry.request_retry([item])
        assert retry.wanted_retry_ids() == [item.pk]
        assert retry.retry_quarantined_item(item.pk, now=NOW)
        item.refresh_from_db()
        assert (item.resolved_at, item.retried_at, item.retry_wanted) == (NOW, NOW, False)
        assert Case.objects.get().messages.get().canonical_id == "5"

    def test_nobody_asked_nothing_happens(self, item, network):
        network.messages_by_id["5"] = message("5")
        assert not retry.retry_quarantined_item(item.pk, now=NOW)
        assert not Message.objects.exists()

    def test_what_is_deleted_on_the_network_is_settled(self, item, network):
        retry.request_retry([item])
        assert retry.retry_quarantined_item(item.pk, now=NOW)
        item.refresh_from_db()
        assert "deleted" in item.error

    def test_what_still_cannot_be_stored_stays(self, item, network):
        network.messages_by_id["5"] = message("5", thread_id="t\x00")
        retry.request_retry([item])
        assert not retry.retry_quarantined_item(item.pk, now=NOW)
        item.refresh_from_db()
        assert (item.resolved_at, item.error) == (None, "It still cannot be stored.")

    def test_a_network_that_does_not_answer_is_said(self, item, network, monkeypatch):
        def fail(ids):
            raise RetryLater("No answer.")

        monkeypatch.setattr(network, "fetch", fail)
        retry.request_retry([item])
        assert not retry.retry_quarantined_item(item.pk, now=NOW)
        item.refresh_from_db()
        assert item.error == "It could not be fetched. No answer."

    def test_an_item_without_an_id_cannot_be_asked_for(self, feed, item):
        nameless = quarantined(feed.stream, remote_id="", raw=b"{")
        retry.request_retry([nameless])
        assert not retry.retry_quarantined_item(nameless.pk, now=NOW)

    def test_our_own_post_is_settled_without_a_case(self, item, network):
        network.messages_by_id["5"] = message("5", author=Author("9000", is_self=True))
        retry.request_retry([item])
        assert retry.retry_quarantined_item(item.pk, now=NOW)
        assert not Case.objects.exists()


class TestPage:
    def test_it_shows_the_raw_form_inert(self, client, item, feed):
        quarantined(feed.stream, "6", b'{"text": "<script>alert(1)</script>"}', "<b>bad</b> \x00 \ud800")
        client.force_login(UserFactory(role=Role.ADMINISTRATOR))
        body = client.get(reverse("inbox:quarantine")).content.decode()
        assert "&lt;script&gt;alert(1)" in body
        assert "<script>alert" not in body
        assert "&lt;b&gt;bad" in body
        assert body.count("Try again") == 2

    def test_try_again_wakes_a_worker(self, client, item, monkeypatch, django_capture_on_commit_callbacks):
        woken = []
        monkeypatch.setattr("inbox.tasks.retry_quarantined.delay", woken.append)
        client.force_login(UserFactory(role=Role.ADMINISTRATOR))
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(reverse("inbox:quarantine_retry", args=[item.pk]))
        assert response.url == reverse("inbox:quarantine")
        assert woken == [item.pk]
        assert retry.wanted_retry_ids() == [item.pk]

    def test_trying_again_takes_a_post(self, client, item):
        client.force_login(UserFactory(role=Role.ADMINISTRATOR))
        assert client.get(reverse("inbox:quarantine_retry", args=[item.pk])).status_code == 405

    def test_who_sees_what(self, client, feed):
        public = quarantined(feed.stream, "1", b"a")
        direct = quarantined(StreamFactory(brand_account=feed.brand_account, kind="direct"), "2", b"b")
        department = feed.departments["billing"]
        feed.brand_account.owner_department = department
        feed.brand_account.save()
        other = BrandAccountFactory(owner_department=DepartmentFactory())
        elsewhere = quarantined(StreamFactory(brand_account=other), "3", b"c")
        expected = {
            UserFactory(role=Role.ADMINISTRATOR): {public, elsewhere},
            UserFactory(role=Role.MANAGER, departments=[department]): {public, direct},
            UserFactory(role=Role.MANAGER): set(),
            UserFactory(role=Role.COMMUNITY, publishes=[other]): {elsewhere},
        }
        for user, items in expected.items():
            client.force_login(user)
            rows = client.get(reverse("inbox:quarantine")).context["rows"]
            assert {row.item for row in rows} == items, user.role
            for one in (public, direct, elsewhere):
                status = client.post(reverse("inbox:quarantine_retry", args=[one.pk])).status_code
                assert status == (302 if one in items else 404), (user.role, one)

    @pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST])
    def test_others_do_not_find_it(self, client, item, role):
        client.force_login(UserFactory(role=role))
        assert client.get(reverse("inbox:quarantine")).status_code == 404
        assert client.post(reverse("inbox:quarantine_retry", args=[item.pk])).status_code == 404

    def test_it_pages_by_key(self, client, feed):
        for number in range(53):
            quarantined(feed.stream, str(number), str(number).encode())
        client.force_login(UserFactory(role=Role.ADMINISTRATOR))
        first = client.get(reverse("inbox:quarantine"))
        assert len(first.context["rows"]) == 50
        second = client.get(reverse("inbox:quarantine"), {"before": first.context["older"]})
        assert len(second.context["rows"]) == 3
        assert client.get(reverse("inbox:quarantine"), {"before": "x' OR 1"}).status_code == 200

    def test_settled_items_are_gone_from_the_list(self, client, item):
        Quarantined.objects.update(resolved_at=NOW + dt.timedelta(hours=1))
        client.force_login(UserFactory(role=Role.ADMINISTRATOR))
        assert "Nothing is in quarantine" in client.get(reverse("inbox:quarantine")).content.decode()
