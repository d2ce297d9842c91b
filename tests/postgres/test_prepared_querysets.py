"""Querysets compiled once: the same rows as ever, whoever asks for whatever."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models.sql.compiler import SQLCompiler

from accounts.models import BrandAccountGrant, Department, Membership, Role, User
from inbox.models import Case
from postgres.prepared_querysets import AnyText, prepared_query, prepared_statement
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def compilations(monkeypatch):
    """Statements that Django compiles."""
    seen = []
    compile_ = SQLCompiler.as_sql

    def counted(self, *args, **kwargs):
        seen.append(self.query.model)
        return compile_(self, *args, **kwargs)

    monkeypatch.setattr(SQLCompiler, "as_sql", counted)
    return seen


def test_each_call_gets_its_own_values_and_one_compilation(compilations):
    one, other = DepartmentFactory(), DepartmentFactory()
    named = prepared_query(lambda pk: Department.objects.filter(pk=pk))

    assert [named(one.pk), named(other.pk), named(0)] == [[one], [other], []]
    assert compilations.count(Department) == 1


def test_it_gives_instances_with_their_neighbours_and_annotations(django_assert_num_queries):
    case = CaseFactory()
    read = prepared_query(lambda pk: Case.objects.filter(pk=pk).select_related("department", "identity"))
    read(case.pk)

    with django_assert_num_queries(1):
        found = read(case.pk)[0]
        names = (found.department.name, found.identity.handle)

    assert found == case
    assert names == (case.department.name, case.identity.handle)


def test_a_part_of_a_handwritten_statement_has_the_values_of_each_call(compilations):
    departments = [DepartmentFactory() for _ in range(3)]
    chosen = prepared_statement(lambda pks: Department.objects.filter(pk__in=pks).order_by().values("pk"))

    def count(*pks):
        sql, parameters = chosen(frozenset(pks))
        with connection.cursor() as cursor:
            cursor.execute(f"WITH chosen(id) AS ({sql}) SELECT id FROM chosen ORDER BY 1", parameters)
            return [pk for (pk,) in cursor.fetchall()]

    one, two, three = (department.pk for department in departments)
    assert (count(one, two), count(two, three)) == ([one, two], [two, three])
    assert compilations.count(Department) == 1
    assert chosen(frozenset()) is None


def test_it_gives_tuples_of_values():
    department = DepartmentFactory()
    read = prepared_query(lambda pk: Department.objects.filter(pk=pk).values_list("slug", "name"))

    assert read(department.pk) == [(department.slug, department.name)]


def test_times_and_sets_are_values_too():
    early, late = CaseFactory(created_at=NOW), CaseFactory(created_at=NOW + dt.timedelta(days=1))
    read = prepared_query(
        lambda since, ids: Case.objects.filter(created_at__gte=since, pk__in=ids).order_by("pk")
    )

    assert read(NOW, frozenset({early.pk, late.pk})) == [early, late]
    assert read(NOW + dt.timedelta(hours=1), frozenset({early.pk, late.pk})) == [late]
    assert read(NOW, frozenset({late.pk})) == [late]
    assert read(NOW, frozenset()) == []


def test_texts_are_values_where_the_caller_says_so(compilations):
    one, other = DepartmentFactory(), DepartmentFactory()
    read = prepared_query(lambda slug: Department.objects.filter(slug=slug))

    assert [read(AnyText(each.slug)) for each in (one, other)] == [[one], [other]]
    assert read(AnyText("no such")) == []
    assert compilations.count(Department) == 1
    assert read(one.slug) == [one]
    assert compilations.count(Department) == 2


def test_what_is_no_value_decides_the_statement():
    department = DepartmentFactory(is_open=False)
    read = prepared_query(
        lambda pk, only_open: (
            Department.objects.filter(pk=pk, is_open=True) if only_open else Department.objects.filter(pk=pk)
        )
    )

    assert read(department.pk, True) == []
    assert read(department.pk, False) == [department]


class TestWhatAPersonMayRead:
    read = staticmethod(prepared_query(lambda user, pk: Case.objects.visible_to(user).filter(pk=pk)))

    @pytest.mark.parametrize("role", Role.values)
    @pytest.mark.parametrize("visibility", ["public", "direct"])
    @pytest.mark.parametrize("belongs", [True, False])
    def test_is_what_the_queryset_says(self, role, visibility, belongs):
        case = CaseFactory(visibility=visibility)
        user = UserFactory(role=role)
        Membership.objects.create(user=user, department=case.department if belongs else DepartmentFactory())
        BrandAccountGrant.objects.create(
            user=user, brand_account=case.brand_account if belongs else BrandAccountFactory()
        )
        user = User.objects.get(pk=user.pk)

        assert self.read(user, case.pk) == list(Case.objects.visible_to(user).filter(pk=case.pk))

    def test_is_not_what_somebody_of_the_same_role_may_read(self):
        case = CaseFactory()
        insider, outsider = (
            UserFactory(departments=[case.department]),
            UserFactory(departments=[DepartmentFactory()]),
        )

        assert self.read(insider, case.pk) == [case]
        assert self.read(outsider, case.pk) == []

    def test_is_nothing_for_somebody_who_left(self):
        case = CaseFactory()
        user = UserFactory(departments=[case.department], is_active=False)

        assert self.read(user, case.pk) == []


def test_a_value_that_is_changed_before_it_is_compared_is_refused():
    with pytest.raises(TypeError, match="changes it first"):
        prepared_query(lambda pk: Department.objects.filter(pk=pk + 1_000_000))(1)
    with pytest.raises(TypeError, match="does not compare"):
        prepared_query(lambda pk: Department.objects.all())(1)


@pytest.mark.django_db(transaction=True)
def test_threads_that_use_one_statement_do_not_mix_their_values():
    departments = [DepartmentFactory() for _ in range(8)]
    read = prepared_query(lambda pk: Department.objects.filter(pk=pk))

    def often(department):
        found = [read(department.pk) for _ in range(50)]
        connection.close()
        return all(one == [department] for one in found)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(often, departments))


def test_what_turns_columns_into_values_is_asked_for_once(monkeypatch):
    case = CaseFactory(tags=["vip"])
    asked = []
    ask = SQLCompiler.get_converters

    def counted(self, expressions):
        asked.append(self)
        return ask(self, expressions)

    monkeypatch.setattr(SQLCompiler, "get_converters", counted)
    read = prepared_query(lambda pk: Case.objects.filter(pk=pk))
    other = CaseFactory(tags=["other"])
    asked.clear()

    assert [read(case.pk)[0].tags, read(other.pk)[0].tags, read(case.pk)[0].tags] == [
        ["vip"],
        ["other"],
        ["vip"],
    ]
    assert len(asked) == 1
