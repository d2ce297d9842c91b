"""People learn that cases came to them or left them; whoever is on leave gets none, by hand neither."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Leave, Role
from accounts.working_time import presence
from inbox.assignment import automatic, leavers, take_next
from inbox.cases import verbs
from inbox.models import Case, Notice, NoticeKind
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in
from wording.times import short_date

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def ada(billing):
    return UserFactory(first_name="Ada", last_name="Holm", departments=[billing], last_seen_at=NOW)


@pytest.fixture
def bo(billing):
    return UserFactory(first_name="Bo", last_name="Ek", departments=[billing], last_seen_at=NOW)


@pytest.fixture
def mara(billing):
    return UserFactory(first_name="Mara", last_name="Lind", departments=[billing], role=Role.MANAGER)


def goes_on_leave(user, today, substitute=None, days=2):
    return Leave.objects.create(user=user, starts_on=today, ends_on=today + days * DAY, substitute=substitute)


def has(user, department, brand, n=1, **about):
    return [CaseFactory(assignee=user, department=department, brand_account=brand, **about) for _ in range(n)]


def texts(user, kind=None):
    rows = Notice.objects.filter(user=user, **({"kind": kind} if kind else {}))
    return list(rows.order_by("id").values_list("text", flat=True))


class TestByHand:
    def test_who_is_given_a_case_and_who_had_it_are_told_by_whom(self, ada, bo, mara, billing, brand):
        (case,) = has(ada, billing, brand, preview="Where is my parcel?")
        verbs.assign_case(case.pk, mara, bo, now=NOW)
        assert texts(bo) == ["Assigned to you: Mara Lind gave it to you. “Where is my parcel?”"]
        assert texts(ada) == ["A case of yours went to Bo Ek: Mara Lind passed it on. “Where is my parcel?”"]
        assert texts(mara) == []

    def test_what_one_does_oneself_one_is_not_told(self, ada, billing, brand):
        case = CaseFactory(department=billing, brand_account=brand)
        verbs.claim_case(case.pk, ada, now=NOW)
        verbs.assign_case(case.pk, ada, None, now=NOW)
        take_next.take_next_case(ada, now=NOW)
        assert texts(ada) == []


class TestAtOnce:
    def test_many_cases_are_one_notice_that_opens_the_most_urgent(self, ada, billing, brand):
        billing.assignment_mode = "round_robin"
        billing.save()
        for n in range(5):
            CaseFactory(department=billing, brand_account=brand, preview=f"{n}", priority=2 if n == 3 else 0)
        automatic.assign_cases_automatically(NOW)
        assert texts(ada) == [
            "5 cases were assigned to you: the only one who is there. Find them under Mine. The most urgent: “3”"
        ]
        assert Notice.objects.get().case.preview == "3"

    def test_a_few_are_a_notice_each(self, ada, billing, brand):
        billing.assignment_mode = "round_robin"
        billing.save()
        for _ in range(3):
            CaseFactory(department=billing, brand_account=brand)
        automatic.assign_cases_automatically(NOW)
        assert len(texts(ada)) == 3


class TestLeave:
    def test_both_are_told_when_leave_begins(self, ada, bo, billing, brand):
        has(ada, billing, brand, 4, preview="Where is it?")
        goes_on_leave(ada, NOW.date(), bo)
        assert leavers.release_cases_of_absent(NOW) == 4
        assert texts(ada, NoticeKind.MOVED) == [
            "4 of your open cases went to Bo Ek: you are on leave. “Where is it?”"
        ]
        assert texts(bo) == [
            "4 cases were assigned to you: Ada Holm is on leave. Find them under Mine. The most urgent: “Where is it?”"
        ]
        assert leavers.release_cases_of_absent(NOW) == 0
        assert Notice.objects.count() == 2

    def test_and_the_one_who_is_away_when_a_break_became_long(self, ada, billing, brand):
        has(ada, billing, brand, preview="Where is it?")
        presence.set_away(ada, True, NOW)
        leavers.release_cases_of_absent(NOW + DAY)
        assert texts(ada) == ["A case of yours went back to Billing: you are away. “Where is it?”"]

    def test_whoever_is_on_leave_takes_nothing(self, ada, billing, brand):
        case = CaseFactory(department=billing, brand_account=brand)
        leave = goes_on_leave(ada, NOW.date())
        with pytest.raises(
            verbs.Invalid, match=f"You are on leave until {presence.leave_until_words(leave)}"
        ):
            verbs.claim_case(case.pk, ada, now=NOW)
        with pytest.raises(verbs.Invalid, match="Say under Your presence that you are back"):
            take_next.take_next_case(ada, now=NOW)
        with pytest.raises(verbs.Invalid, match="You are on leave"):
            verbs.assign_case(case.pk, ada, ada, now=NOW)
        assert not Case.objects.filter(assignee__isnull=False).exists()
        assert take_next.take_next_case(ada, now=NOW + 3 * DAY) == case, "the leave is over"

    def test_nor_is_given_anything_by_hand(self, ada, bo, mara, billing, brand):
        case = CaseFactory(department=billing, brand_account=brand)
        goes_on_leave(ada, NOW.date(), bo)
        with pytest.raises(verbs.Invalid, match=r"Ada Holm is on leave until .*\. Bo Ek stands in\. Choose"):
            verbs.assign_case(case.pk, mara, ada, now=NOW)
        assert verbs.assign_case(case.pk, mara, bo, now=NOW).assignee == bo

    def test_nobody_is_said_to_stand_in_who_works_on_no_cases_any_more(self, ada, bo, mara, billing, brand):
        case = CaseFactory(department=billing, brand_account=brand)
        goes_on_leave(ada, NOW.date(), bo)
        type(bo).objects.filter(pk=bo.pk).update(role=Role.ANALYST)
        with pytest.raises(verbs.Invalid, match=r"is on leave until \d+ \w+\. Choose somebody else\."):
            verbs.assign_case(case.pk, mara, ada, now=NOW)

    def test_planning_says_what_becomes_of_the_cases(self, ada, bo, billing, brand):
        elsewhere = DepartmentFactory(name="Legal")
        ada.memberships.create(department=elsewhere)
        has(ada, billing, brand, 2)
        has(ada, elsewhere, brand)
        today = presence.local_date(timezone.now())
        days = {"starts_on": today, "ends_on": today + DAY}
        client = signed_in(ada)
        page = client.post(
            reverse("inbox:plan_leave"), days | {"substitute": bo.pk}, follow=True
        ).content.decode()
        assert "Your 3 open cases go to Bo Ek as soon as they are there." in page
        assert "They do not see the cases of Legal: these go back there." in page
        assert "You are on leave until" in page
        assert "You are available" not in page
        client.post(reverse("inbox:remove_leave", args=[Leave.objects.get().pk]))
        page = client.post(reverse("inbox:plan_leave"), days, follow=True).content.decode()
        assert "Your 3 open cases go back to the departments now." in page
        later = {"starts_on": today + 5 * DAY, "ends_on": today + 6 * DAY}
        page = client.post(reverse("inbox:plan_leave"), later, follow=True).content.decode()
        assert (
            f"What you have open then goes back to the departments on {short_date(today + 5 * DAY)}." in page
        )

    def test_who_does_not_work_on_cases_stands_in_for_nobody(self, ada, bo):
        UserFactory(first_name="Elio", role=Role.ANALYST)
        UserFactory(first_name="Odile", role=Role.ADMINISTRATOR)
        page = signed_in(ada).get(reverse("inbox:presence")).content.decode()
        assert "Bo Ek" in page
        assert "Elio" not in page
        assert "Odile" not in page

    def test_every_page_says_that_one_is_on_leave(self, ada, bo):
        today = presence.local_date(timezone.now())
        goes_on_leave(bo, today)
        client = signed_in(ada)
        few = count_statements(client, "/")
        assert "Set to away" in client.get("/").content.decode()
        goes_on_leave(ada, today)
        page = client.get("/").content.decode()
        assert "On leave</a>" in page
        assert "Set to away" not in page
        assert count_statements(client, "/") == few

    def test_one_may_be_back_early(self, ada):
        today = presence.local_date(timezone.now())
        leave = goes_on_leave(ada, today - 3 * DAY, days=9)
        client = signed_in(ada)
        assert "I am back: end the leave" in client.get(reverse("inbox:presence")).content.decode()
        page = client.post(reverse("inbox:remove_leave", args=[leave.pk]), follow=True).content.decode()
        assert "You are back from leave." in page
        leave.refresh_from_db()
        assert leave.ends_on == today - DAY, "the days that were leave stay leave"
