"""Split and merge by hand: messages, answers, custody, clocks and counts are where they belong afterwards."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.case_page.event_lines import event_line
from inbox.cases import regrouping, verbs
from inbox.cases.regrouping import merge_case, split_case
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import (
    Case,
    CaseCount,
    Custody,
    Direction,
    Draft,
    LearningItem,
    LearningLink,
    Status,
    Verb,
)
from reports.scopes import counted_cases
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.inbox.fake_connector import message as network_message
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing", slug="billing")


@pytest.fixture
def ana(service):
    return UserFactory(role=Role.MANAGER, departments=[service])


@pytest.fixture
def case(service):
    """A case with a parcel (answered) and a payment (not answered yet)."""
    case = CaseFactory(department=service, created_at=NOW - 60 * MINUTE, status=Status.OPEN, message_count=3)
    say(case, "Where is my parcel?", 60)
    say(case, "You charged me twice", 30, received=25)
    say(case, "It is on its way", 50, direction=Direction.OUTBOUND, parent="Where is my parcel?")
    Case.objects.update(
        waiting_since=NOW - 30 * MINUTE, last_outbound_at=NOW - 50 * MINUTE, last_inbound_at=NOW - 30 * MINUTE,
        first_response_at=NOW - 50 * MINUTE, exchange_from=NOW - 25 * MINUTE, preview="You charged me twice",
    )  # fmt: skip
    case.refresh_from_db()
    return case


def say(case, text, minutes, *, received=None, direction=Direction.INBOUND, parent=""):
    parent_id = case.messages.get(text=parent).remote_id if parent else ""
    return MessageFactory(
        case=case, text=text, direction=direction, parent_remote_id=parent_id, brand_account=case.brand_account,
        network_time=NOW - minutes * MINUTE, received_at=NOW - (received or minutes) * MINUTE,
    )  # fmt: skip


def ids_of(case, *texts):
    return list(case.messages.filter(text__in=texts).values_list("pk", flat=True))


def texts_of(case):
    return list(case.messages.order_by("network_time").values_list("text", flat=True))


def lines(case, *verbs):
    return [event_line(event) for event in case.events.filter(verb__in=verbs).select_related("actor")]


class TestSplit:
    def test_the_unanswered_part_goes_and_waits_since_it_was_written(self, case, ana, billing):
        opened = split_case(case.pk, ana, ids_of(case, "You charged me twice"), billing, now=NOW)
        case.refresh_from_db()
        opened.refresh_from_db()
        assert (texts_of(case), case.message_count) == (["Where is my parcel?", "It is on its way"], 2)
        assert (case.status, case.waiting_since, case.preview) == (
            Status.WAITING,
            None,
            "Where is my parcel?",
        )
        assert (texts_of(opened), opened.message_count) == (["You charged me twice"], 1)
        assert (opened.status, opened.waiting_since) == (Status.NEW, NOW - 30 * MINUTE)
        assert opened.exchange_from == opened.created_at == NOW - 25 * MINUTE
        assert (case.first_response_at, opened.first_response_at) == (NOW - 50 * MINUTE, None)
        assert case.exchange_from is None
        assert "clocks" not in case.events.get(verb=Verb.SPLIT).data
        assert lines(case, Verb.SPLIT) == [f"{ana} moved 1 message to case {opened.pk}"]
        assert lines(opened, Verb.SPLIT) == [f"{ana} opened this case with 1 message of case {case.pk}"]

    def test_the_answered_part_takes_its_answer_along(self, case, ana, service):
        opened = split_case(case.pk, ana, ids_of(case, "Where is my parcel?"), service, now=NOW)
        case.refresh_from_db()
        opened.refresh_from_db()
        assert texts_of(opened) == ["Where is my parcel?", "It is on its way"]
        assert (opened.status, opened.first_response_at) == (Status.WAITING, NOW - 50 * MINUTE)
        assert (case.last_outbound_at, case.first_response_at) == (None, None)
        assert case.waiting_since == NOW - 30 * MINUTE

    def test_custody_is_whole_in_both(self, case, ana, billing):
        opened = split_case(case.pk, ana, ids_of(case, "You charged me twice"), billing, now=NOW)
        before, after = Custody.objects.filter(case=opened).order_by("sent_at")
        assert (before.department, before.sent_at) == (case.department, opened.created_at)
        assert before.left_at == after.sent_at == NOW
        assert (after.department, after.left_at, after.accepted_at) == (billing, None, None)
        assert Custody.objects.filter(case=case, left_at=None).count() == 1

    @pytest.mark.parametrize(
        "chosen", [[], ["Where is my parcel?", "You charged me twice"], ["It is on its way"]]
    )
    def test_something_goes_and_something_stays(self, case, ana, billing, chosen):
        with pytest.raises(Invalid):
            split_case(case.pk, ana, ids_of(case, *chosen), billing, now=NOW)
        assert Case.objects.count() == 1

    def test_not_while_an_answer_is_on_its_way(self, case, ana, billing):
        ReplyFactory(case=case, parent=case.messages.first(), state="queued")
        with pytest.raises(Invalid, match="on its way"):
            split_case(case.pk, ana, ids_of(case, "You charged me twice"), billing, now=NOW)

    def test_who_may_not_hand_it_over_may_not_split_it(self, case, ana, billing, service):
        Case.objects.update(assignee=ana)
        agent = UserFactory(role=Role.AGENT, departments=[service])
        with pytest.raises(NotAllowed):
            split_case(case.pk, agent, ids_of(case, "You charged me twice"), billing, now=NOW)
        with pytest.raises(Conflict):
            split_case(case.pk, ana, ids_of(case, "You charged me twice"), billing, version=99, now=NOW)

    def test_the_page_asks_and_does_it_without_a_script(self, case, ana, billing):
        client, address = signed_in(ana), reverse("inbox:split", args=[case.pk])
        page = client.get(address).content.decode()
        assert "You charged me twice" in page
        assert "It is on its way" not in page
        assert address in client.get(reverse("inbox:case", args=[case.pk])).content.decode()
        refused = client.post(address, {"department": "billing", "version": case.version})
        assert refused.status_code == 422
        assert "Choose the messages" in refused.content.decode()
        chosen = {"message": ids_of(case, "You charged me twice"), "version": case.version}
        done = client.post(address, {**chosen, "department": "service"}, follow=True).content.decode()
        opened = Case.objects.exclude(pk=case.pk).get()
        assert f"The messages are now in case {opened.pk}, with Service." in done
        assert ">related<" in done


class TestMerge:
    @pytest.fixture
    def other(self, case, billing):
        """Another case of the same customer, with a later message and a failed answer to it."""
        other = CaseFactory(
            identity=case.identity, brand_account=case.brand_account, department=billing, status=Status.OPEN,
            priority=2, tags=["money"], created_at=NOW - 20 * MINUTE, unsent="failed", unsent_since=NOW,
        )  # fmt: skip
        asked = say(other, "Still charged twice", 20)
        ReplyFactory(case=other, parent=asked, state="failed")
        return other

    def test_everything_comes_here_and_the_other_is_closed(self, case, other, ana, billing):
        ana.memberships.create(department=billing)
        Draft.objects.create(case=case, user=ana, text="One", updated_at=NOW)
        Draft.objects.create(case=other, user=ana, text="Two", updated_at=NOW)
        items = [
            LearningItem.objects.create(title=title, department=billing, created_at=NOW, changed_at=NOW)
            for title in "ab"
        ]
        for item, linked in ((items[0], case), (items[0], other), (items[1], other)):
            LearningLink.objects.create(item=item, case=linked, at=NOW, by=ana)
        merge_case(case.pk, ana, other.pk, now=NOW)
        case.refresh_from_db()
        other.refresh_from_db()
        assert texts_of(case)[-1] == "Still charged twice"
        assert (case.message_count, case.priority, case.tags, case.unsent) == (4, 2, ["money"], "failed")
        assert (case.waiting_since, case.exchange_from) == (NOW - 30 * MINUTE, NOW - 25 * MINUTE)
        assert (case.replies.count(), other.replies.count()) == (1, 0)
        assert Draft.objects.get(case=case).text == "One\n\nTwo"
        assert list(LearningLink.objects.order_by("item").values_list("item", "case")) == [
            (item.pk, case.pk) for item in items
        ]
        assert (other.status, other.close_reason) == (Status.DISMISSED, f"Merged into case {case.pk}")
        assert (other.message_count, other.waiting_since, other.next_due_at, other.unsent) == (
            0,
            None,
            None,
            "",
        )
        assert Custody.objects.get(case=other).left_at == NOW
        assert lines(case, Verb.MERGED) == [f"{ana} merged 1 message of case {other.pk} into this one"]
        assert lines(other, Verb.MERGED) == [f"{ana} moved 1 message to case {case.pk}"]
        assert list(counted_cases()) == [case]
        counts = CaseCount.objects.filter(department=billing).values_list("delta", "unsent_delta")
        assert [sum(column) for column in zip(*counts, strict=True)] == [0, 0]

    def test_an_answer_that_is_history_is_no_first_response(self, case, other, ana, billing):
        """A conversation that was imported may be younger than what it is merged with."""
        ana.memberships.create(department=billing)
        case.messages.filter(direction=Direction.OUTBOUND).update(historical=True)
        merge_case(case.pk, ana, other.pk, now=NOW)
        case.refresh_from_db()
        assert case.first_response_at is None

    def test_what_is_emptied_stays_closed(self, case, other, ana, billing):
        ana.memberships.create(department=billing)
        merge_case(case.pk, ana, other.pk, now=NOW)
        with pytest.raises(Invalid, match=f"Merged into case {case.pk}"):
            verbs.reopen_case(other.pk, ana, now=NOW)
        assert not regrouping.mergeable_cases(case, ana).exists()
        case.refresh_from_db()
        assert verbs.resolve_case(case.pk, ana, now=NOW).status == Status.RESOLVED

    def test_only_cases_of_one_customer_on_one_account(self, case, ana, service):
        stranger = CaseFactory(department=service, brand_account=case.brand_account)
        elsewhere = CaseFactory(
            identity=case.identity, department=service, brand_account=BrandAccountFactory()
        )
        direct = CaseFactory(
            identity=case.identity, department=service, brand_account=case.brand_account, visibility="direct"
        )
        for other in (case, stranger, elsewhere, direct):
            with pytest.raises(Invalid, match="Choose another case"):
                merge_case(case.pk, ana, other.pk, now=NOW)

    def test_a_case_that_one_may_not_read_looks_like_none(self, case, other, ana):
        with pytest.raises(Invalid, match="Choose another case"):
            merge_case(
                case.pk,
                UserFactory(role=Role.AGENT, departments=[case.department]),
                direct_of(other).pk,
                now=NOW,
            )

    def test_the_page_asks_and_does_it_without_a_script(self, case, other, ana, billing):
        ana.memberships.create(department=billing)
        client, address = signed_in(ana), reverse("inbox:merge", args=[case.pk])
        assert f"Case {other.pk}, Billing" in client.get(address).content.decode()
        assert client.post(address, {"version": case.version}).status_code == 422
        done = client.post(address, {"other": other.pk, "version": case.version}, follow=True)
        assert f"Merged: the messages of case {other.pk} are here now." in done.content.decode()


def direct_of(case):
    Case.objects.filter(pk=case.pk).update(visibility="direct")
    return case


def test_the_next_message_goes_to_the_case_that_has_the_messages_now(feed):
    feed.store(network_message("1", "Where is my parcel?", minute=9))
    feed.store(network_message("2", "I want a refund", minute=8))
    parcel, refund = Case.objects.order_by("id")
    boss = UserFactory(role=Role.MANAGER, departments=list(feed.departments.values()))
    merge_case(parcel.pk, boss, refund.pk, now=NOW)
    Case.objects.filter(pk=parcel.pk).update(status=Status.RESOLVED, closed_at=NOW)
    feed.store(network_message("3", "And the refund?", minute=0, thread_id="2"))
    parcel.refresh_from_db()
    assert (parcel.message_count, parcel.status) == (3, Status.OPEN)
