"""Every open case is with somebody who may see it or in a queue that somebody sees; what is not is put right."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts.access import ROLES
from accounts.models import BrandAccountGrant, Membership, Role, User
from inbox.assignment import orphaned_cases
from inbox.assignment.orphaned_cases import CasePlace, Staff, find_destination, judge_place
from inbox.case_page.event_lines import event_line
from inbox.models import Case, Custody, Sweep, Verb
from inbox.visibility import OwnIdSets, ReaderIndex, role_scope
from routing.models import RoutingDefault
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in

ids = st.integers(1, 4)
own_ids = st.builds(OwnIdSets, st.frozensets(ids, max_size=3), st.frozensets(ids, max_size=3))
workers = st.dictionaries(ids, st.builds(role_scope, st.sampled_from(sorted(ROLES["claim"])), own_ids))


def staff_of(open_departments, scopes):
    index = ReaderIndex()
    for user_id, scope in scopes.items():
        index.add(user_id, scope)
    return Staff(open_departments, index)


staffs = st.builds(staff_of, st.lists(ids, unique=True).map(tuple), workers)


@given(st.builds(CasePlace, ids, ids, st.none() | ids), staffs, st.none() | ids)
def test_what_is_put_right_is_fine_afterwards(place, staff, default_id):
    decided = judge_place(place, staff)
    if decided == "return":
        assert judge_place(CasePlace(place.department_id, place.brand_account_id, None), staff) == "fine"
    if decided == "move":
        to = find_destination(place, staff, default_id)
        if to is not None:
            assert judge_place(CasePlace(to, place.brand_account_id, None), staff) == "fine"
        else:
            assert not any(staff.can_keep(one, place.brand_account_id) for one in range(1, 5))


@pytest.mark.django_db
class TestSweep:
    @pytest.fixture
    def brand(self):
        return BrandAccountFactory()

    @pytest.fixture
    def service(self):
        return DepartmentFactory(name="Service", slug="service")

    @pytest.fixture
    def ada(self, service):
        return UserFactory(departments=[service], first_name="Ada", last_name="Holm")

    def test_what_is_in_order_is_left_alone(self, service, brand, ada):
        CaseFactory(department=service, brand_account=brand)
        CaseFactory(department=service, brand_account=brand, assignee=ada)
        CaseFactory(
            department=DepartmentFactory(),
            brand_account=brand,
            status="resolved",
            closed_at=NOW,
            assignee=UserFactory(),
        )
        report = orphaned_cases.sweep_open_cases(NOW)
        assert (report.open_cases, report.found, report.remaining) == (2, 0, 0)
        assert set(Case.objects.values_list("version", flat=True)) == {1}

    @pytest.mark.parametrize("why", ["deactivated", "another department", "another role"])
    def test_a_case_with_somebody_who_cannot_work_on_it_goes_back(self, service, brand, ada, why):
        gone = UserFactory(departments=[service], first_name="Bo", last_name="Ek")
        case = CaseFactory(department=service, brand_account=brand, assignee=gone)
        if why == "deactivated":
            User.objects.filter(pk=gone.pk).update(is_active=False)
        elif why == "another department":
            Membership.objects.filter(user=gone).delete()
        else:
            User.objects.filter(pk=gone.pk).update(role=Role.ANALYST)
        report = orphaned_cases.sweep_open_cases(NOW)
        assert (report.found, report.returned, report.remaining) == (1, 1, 0)
        case.refresh_from_db()
        assert (case.assignee, case.department, case.version) == (None, service, 2)
        assert event_line(case.events.get()) == (
            "Unassigned, back in the queue: Bo Ek cannot work on it any more"
        )
        assert orphaned_cases.sweep_open_cases(NOW).found == 0

    def test_a_case_in_a_closed_department_moves_to_the_default_with_its_custody(self, service, brand, ada):
        other = DepartmentFactory(position=0)
        UserFactory(departments=[other])
        RoutingDefault.objects.create(department=service)
        closed = DepartmentFactory(name="Old", is_open=False)
        case = CaseFactory(department=closed, brand_account=brand)
        report = orphaned_cases.sweep_open_cases(NOW)
        assert (report.moved, report.remaining) == (1, 0)
        case.refresh_from_db()
        assert case.department == service
        assert Custody.objects.get(case=case, left_at=None).department == service
        event = case.events.get(verb=Verb.HANDED_OVER)
        assert (event.actor, event.data["reason"]) == (
            None,
            "Old is closed and nobody who could see it had it",
        )
        assert orphaned_cases.sweep_open_cases(NOW).found == 0

    def test_a_case_in_a_department_without_people_moves_even_with_somebody_gone(self, service, brand, ada):
        empty = DepartmentFactory(name="Empty")
        CaseFactory(department=empty, brand_account=brand, assignee=UserFactory(is_active=False))
        assert orphaned_cases.sweep_open_cases(NOW).moved == 1
        assert Case.objects.get().department == service

    def test_with_somebody_who_sees_it_a_closed_department_is_fine(self, brand):
        closed = DepartmentFactory(is_open=False)
        CaseFactory(department=closed, brand_account=brand, assignee=UserFactory(departments=[closed]))
        assert orphaned_cases.sweep_open_cases(NOW).found == 0

    def test_community_managers_see_the_cases_of_their_brand_accounts(self, brand):
        juno = UserFactory(role=Role.COMMUNITY)
        BrandAccountGrant.objects.create(user=juno, brand_account=brand)
        CaseFactory(department=DepartmentFactory(), brand_account=brand, assignee=juno)
        CaseFactory(department=DepartmentFactory(), brand_account=brand)
        assert orphaned_cases.sweep_open_cases(NOW).found == 0

    def test_what_cannot_be_put_right_is_reported(self, brand, capsys):
        CaseFactory(department=DepartmentFactory(), brand_account=brand)
        with pytest.raises(SystemExit):
            call_command("sweep", "--json")
        report = json.loads(capsys.readouterr().out)
        assert (report["open"], report["in_limbo"], report["remaining"]) == (1, 1, 1)
        assert "No open department" in report["cases"][0]["what"]

    def test_the_command_proves_and_repairs(self, service, brand, ada, capsys):
        CaseFactory(department=service, brand_account=brand, assignee=UserFactory())
        with pytest.raises(SystemExit):
            call_command("sweep", "--check", "--json")
        assert json.loads(capsys.readouterr().out)["remaining"] == 1
        call_command("sweep", "--json")
        assert json.loads(capsys.readouterr().out)["returned"] == 1
        call_command("sweep")
        assert capsys.readouterr().out.startswith("open: 1, in limbo: 0,")

    def test_sweeps_are_kept_for_a_week(self, service, ada):
        for days in (8, 6, 0):
            orphaned_cases.sweep_open_cases(NOW - dt.timedelta(days=days))
        assert Sweep.objects.count() == 2


@pytest.mark.django_db
class TestTeams:
    def test_managers_see_their_people_and_the_target(self):
        service, other = DepartmentFactory(name="Service"), DepartmentFactory(name="Other")
        mara = UserFactory(role=Role.MANAGER, departments=[service])
        ada = UserFactory(departments=[service], first_name="Ada", last_name="Holm", capacity=4)
        for _ in range(3):
            CaseFactory(department=service, assignee=ada)
        CaseFactory(department=service)
        client = signed_in(mara)
        assert "within five minutes" in client.get("/team/").content.decode()
        orphaned_cases.sweep_open_cases(dt.datetime.now(dt.UTC))
        page = client.get("/team/").content.decode()
        content = page.split("<main")[1]
        assert "The target is 0." in content
        assert "3 of 4" in content
        assert "1 unassigned" in content
        assert "Other" not in content
        assert "Other" in signed_in(UserFactory(role=Role.ADMINISTRATOR)).get("/team/").content.decode()
        assert other.pk

    @pytest.mark.parametrize("role", [Role.AGENT, Role.COMMUNITY, Role.ANALYST])
    def test_nobody_else_does(self, role):
        assert signed_in(UserFactory(role=role)).get("/team/").status_code == 404

    def test_it_costs_the_same_for_many(self):
        service = DepartmentFactory()
        client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
        UserFactory(departments=[service])
        few = count_statements(client, "/team/")
        for _ in range(10):
            UserFactory(departments=[service, DepartmentFactory()])
        assert count_statements(client, "/team/") == few
