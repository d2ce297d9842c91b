"""Watching what was handed over until the customer has closure, and who is told what."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Role
from inbox.cases import hand_overs, verbs
from inbox.models import Case, Custody, Notice, NoticeKind, Watch
from inbox.notices import watches
from inbox.queue.listing import ROWS_PER_PAGE
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import count_statements, signed_in

pytestmark = pytest.mark.django_db
LATER, LATER_STILL = NOW + dt.timedelta(hours=1), NOW + dt.timedelta(hours=2)


@pytest.fixture
def marketing():
    return DepartmentFactory(name="Marketing", slug="marketing")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing", slug="billing")


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def juno(brand):
    return UserFactory(role=Role.COMMUNITY, publishes=[brand], first_name="Juno", last_name="Ash")


@pytest.fixture
def ann(marketing):
    return UserFactory(departments=[marketing], first_name="Ann", last_name="Bell")


@pytest.fixture
def ben(billing):
    return UserFactory(departments=[billing], first_name="Ben", last_name="Cole")


def new_case(department, brand, visibility="public"):
    case = CaseFactory(
        department=department,
        brand_account=brand,
        visibility=visibility,
        identity=IdentityFactory(handle="cust"),
    )
    MessageFactory(case=case)
    return case


@pytest.fixture
def case(marketing, brand):
    return new_case(marketing, brand)


def watchers(case):
    return set(Watch.objects.filter(case=case, off=False).values_list("user_id", flat=True))


def told(kind=None):
    rows = Notice.objects.filter(**({"kind": kind} if kind else {}))
    return {(one.user_id, one.text) for one in rows}


class TestWhoWatches:
    def test_who_hands_over_and_the_community_managers_of_the_brand(self, case, ann, juno, billing):
        UserFactory(role=Role.COMMUNITY, publishes=[BrandAccountFactory()])
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        assert watchers(case) == {ann.pk, juno.pk}

    def test_of_a_direct_message_only_who_may_still_read_it(self, marketing, brand, ann, juno, billing):
        direct = new_case(marketing, brand, "direct")
        verbs.hand_over_case(direct.pk, ann, billing, "A charge", now=NOW)
        assert watchers(direct) == {juno.pk}

    def test_who_has_said_no_is_not_asked_again(self, case, ann, juno, ben, billing, marketing):
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        watches.set_watching(case.pk, juno, on=False, now=NOW)
        verbs.hand_over_case(case.pk, ben, marketing, "A post", now=LATER)
        assert watchers(case) == {ann.pk, ben.pk}

    def test_a_hand_over_that_is_taken_back_leaves_no_watch(self, case, ann, juno, billing):
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        custody = Custody.objects.get(case=case, left_at__isnull=True)
        hand_overs.take_back_hand_over(custody.pk, ann, now=NOW)
        assert watchers(case) == set()

    def test_nobody_watches_what_they_may_not_read(self, case, ben):
        with pytest.raises(Case.DoesNotExist):
            watches.set_watching(case.pk, ben, on=True, now=NOW)
        assert not Watch.objects.exists()


class TestTelling:
    def test_it_is_told_when_it_is_solved_but_not_to_who_solved_it(self, case, ann, juno, ben, billing):
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        watches.set_watching(case.pk, ben, on=True, now=NOW)
        verbs.resolve_case(case.pk, ben, now=LATER)
        words = "Ben Cole of Billing resolved the case of @cust"
        assert told(NoticeKind.SOLVED) == {(ann.pk, words), (juno.pk, words)}

    def test_again_after_it_was_reopened(self, case, ann, ben, billing):
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        verbs.resolve_case(case.pk, ben, now=LATER)
        verbs.reopen_case(case.pk, ben, now=LATER)
        verbs.dismiss_case(case.pk, ben, "Spam", now=LATER_STILL)
        assert told(NoticeKind.DISMISSED) == {
            (ann.pk, "Ben Cole of Billing dismissed the case of @cust: Spam")
        }
        assert Notice.objects.filter(user=ann).count() == 2

    def test_who_stopped_watching_is_not_told(self, case, ann, ben, billing):
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        watches.set_watching(case.pk, ann, on=False, now=NOW)
        verbs.resolve_case(case.pk, ben, now=LATER)
        assert told() == set()

    def test_of_a_direct_message_only_who_may_read_it_at_that_time(
        self, marketing, brand, ann, juno, ben, billing
    ):
        Membership.objects.create(user=ann, department=billing)
        direct = new_case(marketing, brand, "direct")
        verbs.hand_over_case(direct.pk, ann, billing, "Card 4711", now=NOW)
        assert watchers(direct) == {ann.pk, juno.pk}
        Membership.objects.filter(user=ann, department=billing).delete()
        verbs.resolve_case(direct.pk, ben, now=LATER)
        assert {one.user_id for one in Notice.objects.all()} == {juno.pk}
        assert "@cust" not in Notice.objects.get().text

    def test_a_return_is_told_to_the_managers_of_both_and_to_watchers_once_each(
        self, case, ann, juno, ben, billing, marketing
    ):
        manager = UserFactory(role=Role.MANAGER, departments=[billing, marketing])
        other = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        assert told() == set()
        hand_overs.bounce_case(case.pk, ben, "Not a charge", now=LATER)
        words = "Billing sent the case of @cust back to Marketing: Not a charge"
        assert told(NoticeKind.PING_PONG) == {(manager.pk, words)}
        assert told(NoticeKind.BOUNCED) == {(ann.pk, words), (juno.pk, words)}
        assert not Notice.objects.filter(user=other).exists()
        hand_overs.bounce_case(case.pk, ann, "It is", now=LATER_STILL)
        again = Notice.objects.filter(user=manager)
        assert again.count() == 2
        assert "it has come back 2 times" in again.get(at=LATER_STILL).text

    def test_a_bounce_that_is_taken_back_is_not_told(self, case, ann, ben, billing):
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        hand_overs.bounce_case(case.pk, ben, "Not a charge", now=LATER)
        assert told() != set()
        hand_overs.take_back_hand_over(
            Custody.objects.get(case=case, left_at__isnull=True).pk, ben, now=LATER
        )
        assert told() == set()

    def test_the_reason_of_a_direct_case_stays_in_it(self, marketing, brand, ann, ben, billing):
        UserFactory(role=Role.MANAGER, departments=[marketing])
        direct = new_case(marketing, brand, "direct")
        verbs.hand_over_case(direct.pk, ann, billing, "Card 4711", now=NOW)
        hand_overs.bounce_case(direct.pk, ben, "Card 4712", now=LATER)
        assert [one for one in Notice.objects.all() if "4712" in one.text or "@cust" in one.text] == []
        assert Notice.objects.exists()


class TestReading:
    @pytest.fixture
    def sent(self, case, ann, billing):
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=timezone.now() - dt.timedelta(hours=3))
        return case

    def test_the_view_says_where_each_case_is_and_how_long(self, sent, ann):
        shown = signed_in(ann).get("/queue/watching/").content.decode()
        assert "Billing · 3 h" in shown
        assert f"/cases/{sent.pk}/" in shown
        assert f"/cases/{sent.pk}/" not in signed_in(ann).get("/").content.decode()

    def test_closed_cases_and_those_no_longer_watched_are_not_in_it(
        self, sent, ann, ben, brand, marketing, billing
    ):
        other = new_case(marketing, brand)
        verbs.hand_over_case(other.pk, ann, billing, "A charge", now=NOW)
        watches.set_watching(other.pk, ann, on=False, now=NOW)
        verbs.resolve_case(sent.pk, ben, now=timezone.now())
        assert "You are not watching any open case" in signed_in(ann).get("/queue/watching/").content.decode()

    def test_who_watches_a_public_case_reads_it_and_does_nothing(self, sent, ann, ben):
        verbs.add_note(sent.pk, ben, "Between us.", now=timezone.now())
        client = signed_in(ann)
        shown = client.get(f"/cases/{sent.pk}/").content.decode()
        assert "Where is my parcel?" in shown
        assert "Between us." not in shown
        for form in ("resolve", "dismiss", "hand_over", "bounce", "accept", "note", "reply", "assign"):
            address = reverse(f"inbox:{form}", args=[sent.pk])
            assert address not in shown, form
            data = {"reason": "x", "note": "x", "to": "me", "text": "x", "parent": "1"}
            refused = client.post(address, data)
            # 403 shows them the case as they may read it, and who has it; the others carry nothing of it.
            assert refused.status_code in (403, 404, 422), form
            assert "Between us." not in refused.content.decode(), form
        sent.refresh_from_db()
        assert sent.is_open
        assert sent.assignee is None

    def test_who_stops_watching_does_not_read_it_any_more(self, sent, ann):
        client = signed_in(ann)
        left = client.post(reverse("inbox:watch", args=[sent.pk]), {"on": "0"}, follow=True)
        assert "You are no longer watching it." in left.content.decode()
        assert client.get(f"/cases/{sent.pk}/").status_code == 404

    def test_a_direct_case_is_not_read_through_a_watch(self, marketing, brand, ann, billing):
        direct = new_case(marketing, brand, "direct")
        Watch.objects.create(user=ann, case=direct, since=NOW)
        assert signed_in(ann).get(f"/cases/{direct.pk}/").status_code == 200
        verbs.hand_over_case(direct.pk, UserFactory(departments=[marketing]), billing, "x", now=NOW)
        assert signed_in(ann).get(f"/cases/{direct.pk}/").status_code == 404
        assert f"/cases/{direct.pk}/" not in signed_in(ann).get("/queue/watching/").content.decode()

    def test_it_costs_at_most_eight_statements_and_pages_by_key(self, ann, marketing, brand, billing):
        few = count_statements(signed_in(ann), "/queue/watching/")
        for n in range(ROWS_PER_PAGE + 3):
            one = CaseFactory(
                department=billing, brand_account=brand, created_at=NOW - dt.timedelta(minutes=n)
            )
            Watch.objects.create(user=ann, case=one, since=NOW)
        client = signed_in(ann)
        assert count_statements(client, "/queue/watching/") == few <= 8
        seen, path = [], "/queue/watching/"
        while path:
            content = client.get(path).content.decode()
            seen += [part.split("/", 1)[0] for part in content.split('class="who" href="/cases/')[1:]]
            at = content.find('href="/queue/watching/?after=')
            path = content[at + 6 : content.index('"', at + 6)] if at > 0 else ""
        assert len(seen) == len(set(seen)) == ROWS_PER_PAGE + 3


def test_watches_of_cases_closed_long_ago_are_forgotten(case, ann, billing, ben):
    verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
    assert watches.delete_old_watches(NOW + dt.timedelta(days=365)) == 0
    verbs.resolve_case(case.pk, ben, now=NOW)
    assert watches.delete_old_watches(NOW + dt.timedelta(days=89)) == 0
    assert watches.delete_old_watches(NOW + dt.timedelta(days=91)) == 1
