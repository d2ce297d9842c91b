"""Whoever goes leaves nothing behind: to a substitute who is there, else back to the departments, with a summary."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import BrandAccountGrant, Leave, Membership, Role, Shift
from accounts.working_time import presence
from inbox import tasks
from inbox.assignment import automatic, leavers
from inbox.case_page.event_lines import event_line
from inbox.models import Case, CaseEvent, Notice, Status, Verb
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def service():
    return DepartmentFactory(name="Service")


@pytest.fixture
def ada(billing, service):
    return UserFactory(first_name="Ada", last_name="Holm", departments=[billing, service], last_seen_at=NOW)


@pytest.fixture
def bo(billing):
    return UserFactory(first_name="Bo", last_name="Ek", departments=[billing], last_seen_at=NOW)


def has(user, department, brand, n=1, **about):
    return [CaseFactory(assignee=user, department=department, brand_account=brand, **about) for _ in range(n)]


def open_of(user):
    return Case.objects.open().filter(assignee=user).count()


class TestAway:
    def test_for_a_break_they_keep_what_they_have(self, ada, billing, brand):
        has(ada, billing, brand, 2)
        presence.set_away(ada, True, NOW)
        assert leavers.release_cases_of_absent(NOW + 4 * HOUR - dt.timedelta(seconds=1)) == 0
        assert leavers.release_cases_of_absent(NOW + 4 * HOUR) == 2
        assert leavers.release_cases_of_absent(NOW + 4 * HOUR) == 0
        event = Case.objects.first().events.get()
        assert event_line(event) == "Unassigned, back in the queue: Ada Holm is away"

    def test_a_customer_who_writes_again_does_not_wait_for_them(self, ada, bo, billing, brand):
        billing.assignment_mode = "round_robin"
        billing.save()
        quiet, asks, done = has(ada, billing, brand, 3)
        presence.set_away(ada, True, NOW)
        Case.objects.filter(pk=asks.pk).update(last_inbound_at=NOW + HOUR, waiting_since=NOW + HOUR)
        Case.objects.filter(pk=done.pk).update(
            last_inbound_at=NOW + HOUR, waiting_since=None, status=Status.WAITING
        )
        assert leavers.release_cases_of_absent(NOW + HOUR) == 1
        automatic.assign_cases_automatically(NOW)
        asks.refresh_from_db()
        assert asks.assignee == bo
        assert open_of(ada) == 2

    def test_nor_for_somebody_out_of_sight_for_a_day(self, ada, billing, brand):
        (asks, _) = has(ada, billing, brand, 2)
        Case.objects.filter(pk=asks.pk).update(last_inbound_at=NOW + DAY)
        assert leavers.release_cases_of_absent(NOW + DAY) == 0
        assert leavers.release_cases_of_absent(NOW + DAY + HOUR) == 1
        assert open_of(ada) == 1

    def test_they_can_give_everything_back_and_read_where_it_went(self, ada, bo, billing, service, brand):
        billing.assignment_mode = "round_robin"
        billing.save()
        has(ada, billing, brand, 1)
        has(ada, service, brand, 3)
        client = signed_in(ada)
        assert (
            "You have 4 open cases: 3 in Service, 1 in Billing." in client.get("/presence/").content.decode()
        )
        refused = client.post(reverse("inbox:give_back"), follow=True).content.decode()
        assert "Set yourself to away first" in refused
        assert open_of(ada) == 4
        type(bo).objects.filter(pk=bo.pk).update(last_seen_at=dt.datetime.now(dt.UTC))
        client.post(reverse("inbox:set_presence"), {"to": "away"})
        page = client.post(reverse("inbox:give_back"), follow=True).content.decode()
        assert "3 cases went back to Service, 1 to Bo Ek." in page
        assert open_of(ada) == 0


class TestLeave:
    @pytest.fixture
    def on_leave(self, ada, bo, billing, service, brand):
        has(ada, billing, brand, 2)
        has(ada, billing, brand, 1, waiting_since=None, status=Status.WAITING)
        has(ada, service, brand, 1)
        return Leave.objects.create(
            user=ada, starts_on=NOW.date(), ends_on=NOW.date() + 7 * DAY, substitute=bo
        )

    def test_a_substitute_who_is_there_gets_what_they_may_see(self, on_leave, ada, bo):
        assert leavers.release_cases_of_absent(NOW) == 4
        assert (open_of(ada), open_of(bo), Case.objects.filter(assignee=None).count()) == (0, 3, 1)
        assert Notice.objects.filter(user=bo).count() == 3
        assert leavers.release_cases_of_absent(NOW) == 0

    def test_one_who_is_not_there_is_not_waited_for_where_a_customer_waits(self, on_leave, ada, bo):
        presence.mark_signed_out(bo.pk, NOW)
        assert leavers.release_cases_of_absent(NOW) == 3
        assert (open_of(ada), open_of(bo)) == (1, 0)
        assert leavers.release_cases_of_absent(NOW + DAY) == 1

    def test_without_a_substitute_all_goes_back(self, on_leave, ada):
        on_leave.substitute = None
        on_leave.save()
        assert leavers.release_cases_of_absent(NOW - DAY) == 0, "not before"
        assert leavers.release_cases_of_absent(NOW) == 4

    def test_the_tick_does_it(self, on_leave, ada):
        Leave.objects.update(starts_on=dt.date(2020, 1, 1), ends_on=dt.date(2100, 1, 1), substitute=None)
        tasks.run_automatic_assignment()
        assert open_of(ada) == 0


class TestChanges:
    @pytest.fixture
    def admin(self):
        return UserFactory(role=Role.ADMINISTRATOR, departments=[])

    def form(self, user, **changes):
        filled = {name: getattr(user, name) for name in (
            "first_name", "last_name", "username", "email", "initials", "role",
        )}  # fmt: skip
        return filled | {"departments": list(user.departments.values_list("pk", flat=True))} | changes

    def save(self, admin, user, **changes):
        from tests.accounts.conftest import signed_in as recently

        address = reverse("accounts:user_edit", args=[user.pk])
        return recently(admin).post(address, self.form(user, **changes), follow=True).content.decode()

    def test_changing_departments_asks_first_and_tells_afterwards(self, admin, ada, billing, service, brand):
        has(ada, billing, brand, 2)
        has(ada, service, brand, 1)
        page = self.save(admin, ada, departments=[service.pk])
        assert "Ada Holm has 2 open cases: 2 in Billing. They go back to their departments." in page
        assert open_of(ada) == 3
        assert Membership.objects.filter(user=ada).count() == 2
        page = self.save(admin, ada, departments=[service.pk], losing="agreed")
        assert "2 cases went back to Billing." in page
        assert open_of(ada) == 1

    def test_a_role_that_does_not_work_on_cases_keeps_none(self, admin, ada, service, brand):
        has(ada, service, brand, 2)
        assert "2 open cases" in self.save(admin, ada, role="analyst")
        assert "2 cases went back to Service." in self.save(admin, ada, role="analyst", losing="agreed")

    def test_a_community_manager_loses_the_cases_of_a_brand_account(self, admin, brand, service):
        juno = UserFactory(role=Role.COMMUNITY)
        BrandAccountGrant.objects.create(user=juno, brand_account=brand)
        has(juno, service, brand, 1)
        assert "1 open case:" in self.save(admin, juno)
        assert "1 case went back to Service." in self.save(admin, juno, losing="agreed")

    def test_what_changes_nothing_asks_nothing(self, admin, ada, billing, brand):
        has(ada, billing, brand, 2)
        assert "Not saved yet" not in self.save(admin, ada, first_name="Adah")
        assert open_of(ada) == 2

    def test_deactivating_asks_first_and_tells_afterwards(self, admin, ada, billing, brand):
        from tests.accounts.conftest import signed_in as recently

        has(ada, billing, brand, 2)
        client = recently(admin)
        page = client.get(reverse("accounts:user_leaving", args=[ada.pk])).content.decode()
        assert "Ada Holm has 2 open cases: 2 in Billing." in page
        address = reverse("accounts:user_active", args=[ada.pk])
        page = client.post(address, {"active": "0"}, follow=True).content.decode()
        assert "2 cases went back to Billing." in page
        assert open_of(ada) == 0

    def test_where_the_roster_names_them_is_said_before_they_go(self, admin, ada, bo, brand):
        from tests.accounts.conftest import signed_in as recently

        client, address = recently(admin), reverse("accounts:user_leaving", args=[ada.pk])
        assert "The roster names them" not in client.get(address).content.decode()
        times = {"brand_account": brand, "starts_at": dt.time(8), "ends_at": dt.time(16)}
        Shift.objects.create(primary=ada, date=dt.date(2020, 1, 1), **times)
        assert "The roster names them" not in client.get(address).content.decode()
        Shift.objects.create(primary=bo, backup=ada, weekday=1, **times)
        page = client.get(address).content.decode()
        assert "The roster names them" in page
        assert reverse("accounts:roster_week", args=[brand.pk]) in page


class TestReopened:
    """A customer who reopens a case does not wait for somebody who is not there."""

    @pytest.fixture
    def reopened(self, ada, bo, billing, brand):
        """Return a case of Ada's that its customer reopened three hours after she was last seen."""
        billing.assignment_mode = "round_robin"
        billing.save()
        (case,) = has(ada, billing, brand, status=Status.OPEN, reopen_count=1)
        at = NOW + 3 * HOUR
        CaseEvent.objects.create(case=case, at=at, verb=Verb.REOPENED, data={})
        Case.objects.update(last_inbound_at=at, waiting_since=at)
        return case

    def owner_after_a_tick(self, case, people, minutes=181):
        now = NOW + minutes * dt.timedelta(minutes=1)
        for person in people:
            presence.mark_seen(person, now)
        leavers.release_cases_of_absent(now)
        automatic.assign_cases_automatically(now)
        case.refresh_from_db()
        return case.assignee

    def test_who_is_there_gets_the_case_of_who_signed_out(self, reopened, ada, bo):
        assert self.owner_after_a_tick(reopened, [bo]) == bo
        lines = [event_line(event) for event in reopened.events.order_by("id")]
        assert lines[-2] == "Unassigned, back in the queue: Ada Holm is signed out"
        assert Notice.objects.filter(user=ada).count() == 1

    def test_who_has_left_for_good_keeps_nothing(self, reopened, ada, bo):
        ada.is_active = False
        ada.save()
        assert self.owner_after_a_tick(reopened, [bo]) == bo

    def test_who_is_there_keeps_it(self, reopened, ada, bo):
        assert self.owner_after_a_tick(reopened, [ada, bo]) == ada

    def test_what_was_reopened_before_they_signed_out_stays_for_now(self, reopened, ada, bo):
        presence.mark_seen(ada, NOW + 4 * HOUR)
        assert self.owner_after_a_tick(reopened, [bo], minutes=300) == ada

    def test_without_anybody_there_it_waits_in_the_queue(self, reopened):
        assert self.owner_after_a_tick(reopened, []) is None


def test_many_cases_cost_as_many_statements_as_one(ada, billing, brand, django_assert_max_num_queries):
    has(ada, billing, brand, 30)
    with django_assert_max_num_queries(8):
        leavers.unassign_cases(leavers.open_cases_of(ada), by=None, reason="x", now=NOW)
