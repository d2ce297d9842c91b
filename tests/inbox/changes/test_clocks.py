"""The three clocks of a case, through ingest, verbs and answers."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inbox.cases import verbs
from inbox.changes.change import change_case
from inbox.models import Case, CaseEvent, Status
from inbox.replies import outcomes
from networks.base import Author, SentMessage
from routing.service_levels import versions
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.service_levels import OFFICE, minutes, policy

pytestmark = pytest.mark.django_db

LATER = NOW + minutes(20)


def wrote(remote_id, at=NOW, text="Where is my parcel?", by="1001", **more):
    return message(remote_id, text, by, created_at=at, **more)


def ours(remote_id, at, parent):
    """An answer written in the network's own app."""
    brand = Author(remote_id="9000", handle="brand", name="Brand")
    return message(
        remote_id, "We are on it.", created_at=at, parent_id=parent, thread_id=parent, author=brand
    )


def the_case():
    return Case.objects.get()


def ended(case):
    return [
        one
        for event in CaseEvent.objects.filter(case=case).order_by("id")
        for one in event.data.get("clocks", [])
    ]


def clocked(**fields):
    """A case that waits for its first answer since `NOW`, its clocks set as ingest sets them."""
    case = CaseFactory(exchange_from=NOW, resolution_from=NOW, status=Status.OPEN, **fields)
    MessageFactory(case=case)
    return case


def answered(case, at):
    reply = ReplyFactory(case=case, parent=case.messages.first(), state="queued")
    outcomes.record_reply_sent(reply.pk, SentMessage("777"), now=at, sent_at=at)
    case.refresh_from_db()
    return case


def set_clocks(case):
    """As a first change does."""
    with transaction.atomic(), change_case(case.pk, now=NOW) as change:
        change.set(priority=case.priority, needs_answer=False)
        change.set(needs_answer=True)
    case.refresh_from_db()
    return case


class TestIngest:
    def test_a_new_case_gets_its_due_times(self, feed):
        policy()
        feed.store(wrote("1"))
        case = the_case()
        assert case.first_response_due_at == NOW + minutes(60)
        assert case.resolution_due_at == NOW + minutes(480)
        assert case.next_due_at == NOW + minutes(60)
        assert case.next_clock_at == NOW + minutes(45)  # a quarter before the first due time
        assert case.next_response_due_at is None
        assert case.sla_version == 1

    def test_clocks_run_from_receipt_not_from_the_network_time(self, feed):
        policy()
        feed.store(wrote("1", at=NOW - dt.timedelta(hours=5)))
        assert the_case().first_response_due_at == NOW + minutes(60)

    def test_business_hours_count(self, feed):
        policy(OFFICE)
        evening = NOW.replace(hour=16, minute=30)
        feed.store(wrote("1", at=evening), now=evening)
        assert the_case().first_response_due_at == dt.datetime(2026, 11, 19, 9, 30, tzinfo=dt.UTC)

    def test_without_a_policy_there_is_no_due_time(self, feed):
        feed.store(wrote("1"))
        case = the_case()
        assert (case.first_response_due_at, case.resolution_due_at, case.next_clock_at) == (None, None, None)
        assert case.sla_version is None

    def test_what_wants_no_answer_has_no_clock(self, feed):
        policy()
        feed.store(wrote("1", text="thanks"))
        assert the_case().next_due_at is None

    def test_history_has_no_clock(self, feed):
        policy()
        feed.store(wrote("1", at=feed.brand_account.connected_at - minutes(5)))
        case = the_case()
        assert case.historical
        assert (case.next_due_at, case.sla_version, case.exchange_from) == (None, None, None)

    def test_the_first_policy_that_matches_holds(self, feed):
        policy(first=5, name="Money", department=feed.departments["billing"], publish=False)
        policy(first=10, name="Faces", network="facebook", publish=False)
        policy(first=15, name="Urgent", priority=2, publish=False)
        policy(first=20)
        feed.store(wrote("1", text="refund", by="a"), wrote("2", text="hello?", by="b"))
        due = dict(Case.objects.values_list("department__slug", "first_response_due_at"))
        assert due == {"billing": NOW + minutes(5), "service": NOW + minutes(20)}

    def test_a_second_message_leaves_the_first_clock_alone(self, feed):
        policy()
        feed.store(wrote("1"))
        Case.objects.update(next_clock_at=NOW + minutes(50))  # the sweep has been here
        feed.store(wrote("2", at=LATER), now=LATER)
        case = the_case()
        assert case.first_response_due_at == NOW + minutes(60)
        assert case.next_clock_at == NOW + minutes(50)

    def test_a_customer_who_answers_starts_the_next_response_clock_and_resolution_goes_on(self, feed):
        policy()
        feed.store(wrote("1"))
        feed.store(ours("2", LATER, "1"), now=LATER)
        case = the_case()
        assert case.status == Status.WAITING
        assert (case.resolution_from, case.resolution_used, case.resolution_due_at) == (None, 1200, None)
        assert case.next_due_at is None
        assert [(one["clock"], one["met"]) for one in ended(case)] == [("first_response", True)]
        again = LATER + dt.timedelta(days=2)
        feed.store(wrote("3", again, thread_id="1", parent_id="2"), now=again)
        case = the_case()
        assert case.next_response_due_at == again + minutes(30)
        assert case.resolution_due_at == again + minutes(460)
        assert case.first_response_due_at == NOW + minutes(60)

    def test_resolution_stands_still_from_the_answer_on_however_late_we_hear_of_it(self, feed):
        policy()
        feed.store(wrote("1"))
        feed.store(ours("2", LATER, "1"), now=LATER + minutes(15))
        assert the_case().resolution_used == (LATER - NOW).total_seconds()

    def test_the_statements_are_as_many_for_one_message_as_for_a_hundred(self, feed):
        policy()
        feed.store(wrote("w", by="w"))
        counts = []
        for start, size in ((0, 1), (1, 100)):
            page = [wrote(f"m{n}", by=f"a{n}") for n in range(start, start + size)]
            with CaptureQueriesContext(connection) as captured:
                feed.store(*page)
            counts.append(len(captured))
        assert counts[0] == counts[1] <= 12


class TestVerbs:
    def test_an_answer_in_time_ends_the_first_response_and_stops_the_resolution(self):
        policy()
        case = answered(set_clocks(clocked()), NOW + minutes(59))
        assert (case.exchange_from, case.next_due_at, case.next_clock_at) == (None, None, None)
        assert case.resolution_used == 59 * 60
        assert [(one["clock"], one["met"], one["policy"]) for one in ended(case)] == [
            ("first_response", True, "Everybody")
        ]

    def test_a_late_answer_is_told_as_late(self):
        policy()
        case = answered(set_clocks(clocked()), NOW + minutes(61))
        assert [one["met"] for one in ended(case)] == [False]

    def test_a_network_whose_clock_is_behind_ends_it_all_the_same(self):
        policy()
        case = set_clocks(clocked())
        Case.objects.filter(pk=case.pk).update(last_inbound_at=NOW - dt.timedelta(seconds=9))
        case = answered(case, NOW - dt.timedelta(seconds=3))
        assert case.exchange_from is None
        assert [(one["clock"], one["met"]) for one in ended(case)] == [("first_response", True)]

    def test_a_message_behind_the_answer_waits_on_under_the_next_response_clock(self):
        policy()
        case = set_clocks(clocked())
        Case.objects.filter(pk=case.pk).update(last_inbound_at=NOW + minutes(15))
        case = answered(case, NOW + minutes(10))
        assert case.waiting_since is not None
        assert case.next_response_due_at == NOW + minutes(45)

    def test_only_business_time_is_used(self):
        policy(OFFICE)
        case = answered(set_clocks(clocked()), NOW + dt.timedelta(days=1))
        assert case.resolution_used == 8 * 3600

    def test_resolving_in_time_and_too_late(self):
        policy()
        for late, expected in (
            (minutes(50), [True]),
            (minutes(100), [False, True]),
            (minutes(500), [False, False]),
        ):
            case = set_clocks(clocked())
            verbs.resolve_case(
                case.pk, UserFactory(role="manager", departments=[case.department]), now=NOW + late
            )
            case.refresh_from_db()
            assert case.next_due_at is None
            # Nobody answered: the missed first response is told beside the resolution.
            assert [one["met"] for one in ended(case)] == expected

    def test_reopening_starts_an_exchange_and_keeps_the_time_that_was_used(self):
        policy()
        case = set_clocks(clocked())
        manager = UserFactory(role="manager", departments=[case.department])
        verbs.resolve_case(case.pk, manager, now=NOW + minutes(100))
        at = NOW + dt.timedelta(days=1)
        verbs.reopen_case(case.pk, manager, now=at)
        case.refresh_from_db()
        assert case.resolution_due_at == at + minutes(380)
        assert case.first_response_due_at == at + minutes(60)

    def test_dismissing_stops_everything_and_counts_nothing(self):
        policy()
        case = set_clocks(clocked())
        manager = UserFactory(role="manager", departments=[case.department])
        verbs.dismiss_case(case.pk, manager, "Spam", now=NOW + minutes(100))
        case.refresh_from_db()
        assert (case.resolution_from, case.next_due_at, case.next_clock_at) == (None, None, None)
        assert ended(case) == []

    def test_closing_by_mistake_wins_no_time(self):
        policy()
        case = set_clocks(clocked())
        manager = UserFactory(role="manager", departments=[case.department])
        verbs.resolve_case(case.pk, manager, now=NOW + minutes(10))
        verbs.reopen_case(case.pk, manager, now=NOW + minutes(11))
        case.refresh_from_db()
        assert case.first_response_due_at == NOW + minutes(60)

    @pytest.mark.parametrize(
        "close", [verbs.resolve_case, lambda *a, now: verbs.dismiss_case(*a, "Duplicate", now=now)]
    )
    @pytest.mark.parametrize(("after", "met"), [(59, True), (61, False)])
    def test_an_answer_that_leaves_after_the_closing_ends_its_clock(self, close, after, met):
        policy()
        case = set_clocks(clocked())
        manager = UserFactory(role="manager", departments=[case.department])
        close(case.pk, manager, now=NOW + minutes(after) - dt.timedelta(seconds=3))
        case = answered(case, NOW + minutes(after))
        assert [one["met"] for one in ended(case) if one["clock"] == "first_response"][-1] is met
        assert (case.exchange_from, case.next_due_at, case.next_clock_at) == (None, None, None)

    def test_a_next_answer_that_leaves_after_the_closing_ends_its_clock(self, feed):
        policy()
        feed.store(wrote("1"))
        feed.store(ours("2", LATER, "1"), now=LATER)
        again = LATER + minutes(60)
        feed.store(wrote("3", again, thread_id="1", parent_id="2"), now=again)
        case = the_case()
        manager = UserFactory(role="manager", departments=[case.department])
        verbs.resolve_case(case.pk, manager, now=again + minutes(5))
        case = answered(case, again + minutes(5) + dt.timedelta(seconds=5))
        assert [(one["clock"], one["met"]) for one in ended(case)] == [
            ("first_response", True),
            ("resolution", True),
            ("next_response", True),
        ]
        assert (case.exchange_from, case.next_response_due_at, case.closed_at) == (
            None,
            None,
            again + minutes(5),
        )

    def test_an_answer_in_the_network_s_app_that_we_hear_of_after_the_closing_ends_its_clock(self, feed):
        policy()
        feed.store(wrote("1", at=NOW - minutes(3)))
        case = the_case()
        manager = UserFactory(role="manager", departments=[case.department])
        verbs.resolve_case(case.pk, manager, now=NOW + minutes(70))
        # The network had the answer before the message reached us.
        feed.store(ours("2", NOW - minutes(1), "1"), now=NOW + minutes(80))
        told = [one["met"] for one in ended(case) if one["clock"] == "first_response"]
        assert told == [False, True]

    def test_a_hand_over_brings_the_other_department_s_policy(self):
        other = DepartmentFactory()
        policy(first=10, department=other, name="Quick", publish=False)
        policy()
        case = set_clocks(clocked())
        assert case.first_response_due_at == NOW + minutes(60)
        manager = UserFactory(role="manager", departments=[case.department])
        verbs.hand_over_case(case.pk, manager, other, "Yours", now=LATER)
        case.refresh_from_db()
        assert case.first_response_due_at == NOW + minutes(10)

    def test_taking_a_case_changes_no_clock(self):
        policy()
        case = set_clocks(clocked())
        before = {
            name: getattr(case, name)
            for name in ("first_response_due_at", "next_clock_at", "resolution_from")
        }
        verbs.claim_case(case.pk, UserFactory(departments=[case.department]), now=LATER)
        case.refresh_from_db()
        assert before == {name: getattr(case, name) for name in before}


def test_a_case_names_the_version_and_an_older_one_can_be_read_again():
    policy(first=60)
    case = set_clocks(clocked())
    versions.SLAPolicy.objects.update(first_response_minutes=5)
    versions.publish_service_levels(None, "", NOW)
    assert case.sla_version == 1
    found = versions.service_levels_by_number(case.sla_version)
    again = found.due(found.matching_policy(case.department_id, 0, "x"), "first_response", case.exchange_from)
    assert again.at == case.first_response_due_at


def test_ingest_uses_the_version_that_is_live_now(feed):
    policy(first=60)
    feed.store(wrote("1", by="a"))
    versions.SLAPolicy.objects.update(first_response_minutes=5)
    versions.publish_service_levels(None, "", NOW)
    feed.store(wrote("2", by="b"))
    assert sorted(Case.objects.values_list("sla_version", flat=True)) == [1, 2]
