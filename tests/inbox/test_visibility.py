"""Who may see which case, asked in every way that the product asks it, for every combination there is.

`sees` is the rule as docs/permissions.md has it, written a second time on purpose and without any of the product's code.
"""

from __future__ import annotations

import re
from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from accounts.access import ROLES
from accounts.models import BrandAccount, BrandAccountGrant, Membership, Role, User
from accounts.people.verbs import CaseAccess
from inbox.assignment import orphaned_cases
from inbox.assignment.colleagues import assignable_colleagues
from inbox.assignment.leavers import describe_cases_at_stake
from inbox.assignment.orphaned_cases import read_staff
from inbox.case_page.page import read_case
from inbox.live.publish import CaseChange
from inbox.live.stream import read_audience
from inbox.models import Case, Notice, NoticeKind, Watch
from inbox.notices.notify import notices_page
from inbox.queue.counts import open_counts
from inbox.queue.filters import QueueFilters
from inbox.queue.listing import cases_of_view, queue_page
from inbox.visibility import (
    ROLE_REACH,
    VISIBLE_CASE_SQL,
    ReaderIndex,
    case_scope,
    may_see_by_role,
    queue_department_ids,
    queue_departments,
    readers_condition,
    watchers_condition,
)
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

WATCHES = ("none", "on", "off")
#: The combinations of departments, or of brand accounts, that a person has of two: there are cases of both.
OWN = ((), (0,), (0, 1))


@pytest.fixture
def departments():
    return [DepartmentFactory(), DepartmentFactory()]


@pytest.fixture
def brands():
    return [BrandAccountFactory(), BrandAccountFactory()]


@pytest.fixture
def cases(departments, brands):
    """One case for each department, brand account and visibility; all wait and are due, so that every order shows them."""
    return [
        CaseFactory(
            department=department,
            brand_account=brand,
            visibility=visibility,
            next_due_at=timezone.now(),
            unsent="failed",
            unsent_since=NOW,
        )
        for department, brand, visibility in product(departments, brands, ("public", "direct"))
    ]


@pytest.fixture
def people(departments, brands, cases):
    """One person for each role, departments, brand accounts, activity and what they do with the watch of all cases."""
    states = [*product([True], WATCHES), (False, "on")]
    shapes = [(role, *own, *state) for role, own, state in product(Role.values, product(OWN, OWN), states)]
    users = User.objects.bulk_create(
        User(username=f"person{n}", email=f"person{n}@example.org", role=role, is_active=active)
        for n, (role, _, _, active, _) in enumerate(shapes)
    )
    memberships, grants, watches = [], [], []
    for user, (_, own_departments, own_brands, _, watch) in zip(users, shapes, strict=True):
        user.shape = {departments[n].pk for n in own_departments}, {brands[n].pk for n in own_brands}, watch
        memberships += [Membership(user=user, department=departments[n]) for n in own_departments]
        grants += [BrandAccountGrant(user=user, brand_account=brands[n]) for n in own_brands]
        if watch != "none":
            watches += [Watch(user=user, case=case, since=NOW, off=watch == "off") for case in cases]
    Membership.objects.bulk_create(memberships)
    BrandAccountGrant.objects.bulk_create(grants)
    Watch.objects.bulk_create(watches)
    return users


def sees(user, case):
    """docs/permissions.md: who reads public cases and direct messages."""
    own_departments, own_brands, _ = user.shape
    if not user.is_active:
        return False
    own_department, own_brand = case.department_id in own_departments, case.brand_account_id in own_brands
    return {
        "administrator": case.visibility == "public",
        "manager": own_department,
        "community": own_brand,
        "agent": own_department,
        "analyst": own_department and case.visibility == "public",
    }[user.role]


def watches(user, case):
    """Whether a person watches the case and may read it (docs/permissions.md, "Watching")."""
    return user.is_active and user.shape[2] == "on" and (case.visibility == "public" or sees(user, case))


def ids(cases):
    return {case.pk for case in cases}


def seen_by_role(user, cases):
    return ids(case for case in cases if sees(user, case))


def test_every_role_has_its_reach():
    assert set(ROLE_REACH) == set(Role.values)


def test_who_works_on_cases_reads_direct_messages():
    """Distribution and the sweep for orphaned cases do not ask for the visibility of each."""
    assert ROLES["claim"] <= ROLES["read_direct"]


class TestOfAPerson:
    def test_the_queryset_the_predicate_and_the_statement_agree(self, people, cases):
        statement = f"SELECT c.id FROM inbox_case c WHERE {VISIBLE_CASE_SQL.format(case='c')}"
        for user in people:
            expected = seen_by_role(user, cases)
            assert ids(Case.objects.visible_to(user)) == expected, user.shape
            assert ids(case for case in cases if may_see_by_role(user, case)) == expected, user.shape
            with connection.cursor() as cursor:
                cursor.execute(statement, case_scope(user).sql_parameters())
                assert {pk for (pk,) in cursor.fetchall()} == expected, user.shape

    def test_watching_opens_public_cases_to_read(self, people, cases):
        for user in people:
            expected = ids(case for case in cases if watches(user, case))
            assert ids(Case.objects.watched_by(user)) == expected, user.shape
            if user.shape[2] == "on":
                scope = case_scope(user)
                assert ids(case for case in cases if scope.includes_when_watched(case)) == expected, (
                    user.shape
                )

    def test_the_live_stream_tells_of_what_one_may_read(self, people, cases):
        for user in people:
            if not user.is_active:
                continue  # has no stream, see test_stream.py
            audience = read_audience(user)
            heard = [case for case in cases if audience.may_hear_of(change(case))]
            assert heard == [case for case in cases if sees(user, case) or watches(user, case)], user.shape

    def test_the_live_stream_tells_once_more_of_what_leaves_a_department(self, people, cases, departments):
        other = dict(zip(departments, reversed(departments), strict=True))
        for user in people:
            if not user.is_active:
                continue
            audience = read_audience(user)
            for case in cases:
                moved = Case(
                    department=other[case.department],
                    brand_account_id=case.brand_account_id,
                    visibility=case.visibility,
                )
                sent = change(case, department_id=moved.department_id, from_department_id=case.department_id)
                reads = sees(user, case) or sees(user, moved) or watches(user, case)
                assert audience.may_hear_of(sent) == reads, user.shape

    def test_the_page_of_a_case_is_open_to_who_may_read_it(self, people, cases):
        one_of_each = cases[:2]
        for user in people:
            if max(map(len, user.shape[:2])) > 1:
                continue  # as those with one, and each page costs a long statement
            for case in one_of_each:
                try:
                    is_open = read_case(user, case.pk, NOW).pk == case.pk
                except Case.DoesNotExist:
                    is_open = False
                assert is_open == (sees(user, case) or watches(user, case)), user.shape

    def test_the_numbers_count_what_the_role_sees(self, people, cases):
        for user in people:
            counts = open_counts(user)
            assert counts.all == counts.unassigned == counts.unsent == len(seen_by_role(user, cases)), (
                user.shape
            )
            assert sum(counts.departments.values()) == counts.all, user.shape

    @pytest.mark.parametrize("sort", ["newest", "waiting", "due"])
    def test_the_queues_show_what_the_role_sees(self, people, cases, sort):
        brands = BrandAccount.objects.in_bulk()
        for user in people:
            if not user.is_active or user.shape[2] == "off":
                continue
            for kind in ("open", "unassigned", "watching", "unsent"):
                page = queue_page(user, kind, QueueFilters(sort=sort), brands, NOW)
                rows = {int(pk) for row in page.rows for pk in re.findall(r'data-case="(\d+)"', row)}
                may_read = watches if kind == "watching" else sees
                assert rows == ids(case for case in cases if may_read(user, case)), (user.shape, kind)
                counted = cases_of_view(user, kind, QueueFilters(sort=sort), now=NOW)
                assert set(counted.values_list("pk", flat=True)) == rows, (user.shape, kind)

    def test_the_departments_with_a_queue_hold_all_that_the_role_sees(self, people, cases):
        for user in people:
            if not user.is_active:
                continue
            own = {department.pk for department in queue_departments(user)}
            assert own == set(queue_department_ids(user))
            assert {case.department_id for case in cases if sees(user, case)} <= own, user.shape

    def test_a_notice_opens_a_case_that_one_may_read(self, people, cases):
        Notice.objects.bulk_create(
            Notice(user=user, case=case, kind=NoticeKind.ASSIGNED, text="Yours.", key=f"{case.pk}", at=NOW)
            for user in people
            for case in cases
        )
        for user in people:
            rows, _ = notices_page(user, "")
            readable = {notice.case_id for notice in rows if notice.readable}
            expected = ids(case for case in cases if sees(user, case) or watches(user, case))
            assert readable == expected, user.shape

    def test_what_a_person_could_not_keep_is_what_they_would_not_see(self, people, cases):
        for user in people:
            if not user.is_active:
                continue
            Case.objects.update(assignee=user)
            own_departments, own_brands, _ = user.shape
            access = CaseAccess(user.role, frozenset(own_departments), frozenset(own_brands))
            works = user.role in ROLES["claim"]
            lost = len(cases) - len(seen_by_role(user, cases)) if works else len(cases)
            words = describe_cases_at_stake(user, access)
            assert (f"has {lost} open case" in words) if lost else words == "", user.shape


class TestOfACase:
    def test_the_people_who_see_a_case(self, people, cases):
        for case in cases:
            expected = ids(user for user in people if sees(user, case))
            found = [user.pk for user in User.objects.filter(readers_condition(case))]
            assert sorted(found) == sorted(expected)
            for role in Role.values:
                of_role = {user.pk for user in people if sees(user, case) and user.role == role}
                assert ids(User.objects.filter(readers_condition(case, [role]))) == of_role

    def test_the_people_who_watch_a_case(self, people, cases):
        for case in cases:
            found = [user.pk for user in User.objects.filter(watchers_condition(case.pk, case))]
            assert sorted(found) == sorted(user.pk for user in people if watches(user, case))

    def test_the_index_of_people(self, people, cases):
        index = ReaderIndex()
        for user in people:
            index.add(user.pk, case_scope(user))
        for case in cases:
            assert index.readers_of(case) == ids(user for user in people if sees(user, case))

    def test_those_who_may_be_given_it_and_keep_it_from_being_orphaned(self, people, cases, monkeypatch):
        monkeypatch.setattr("inbox.assignment.colleagues.MOST_COLLEAGUES", len(people))
        staff = read_staff()
        for case in cases:
            workers = ids(user for user in people if user.role in ROLES["claim"] and sees(user, case))
            assert {colleague.id for colleague in assignable_colleagues(case, NOW)} == workers
            assert staff.who_may_see(case.department_id, case.brand_account_id) == workers
            for user_id in (None, *ids(people)):
                place = orphaned_cases.CasePlace(case.department_id, case.brand_account_id, user_id)
                assert (orphaned_cases.judge_place(place, staff) == "fine") == (
                    user_id is None or user_id in workers
                )


def change(case, **moved):
    facts = {
        "case_id": case.pk,
        "department_id": case.department_id,
        "brand_account_id": case.brand_account_id,
        "visibility": case.visibility,
    }
    return CaseChange(**{**facts, **moved})
