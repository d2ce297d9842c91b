"""One list of a case's columns: it agrees with the model, and every statement made from it carries each column."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.db import connection, transaction

from inbox.changes import clocks
from inbox.changes.case_row import (
    CASE_COLUMNS,
    CHANGED_COLUMNS,
    CLOCK_COLUMNS,
    OPENED_COLUMNS,
    STOPPED_CLOCKS,
    CaseRow,
)
from inbox.escalation import recompute
from inbox.ingest import read_sql, write_sql
from inbox.ingest.case_state import CaseState
from inbox.ingest.rows import changed_case_rows, opened_case_rows
from inbox.models import Case, Status
from routing.models import SLAVersion
from routing.service_levels import versions
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, IdentityFactory
from tests.inbox.service_levels import policy

pytestmark = pytest.mark.django_db


def value_of(name, number):
    """A value of a column's type that is not its default and not another column's."""
    return {
        "timestamptz": NOW + dt.timedelta(minutes=number),
        "int": number,
        "smallint": number,
        "bool": bool(number % 2),
        "jsonb": [f"{name} {number}"],
        "varchar": f"{number} {name}"[:8],
    }[CASE_COLUMNS[name].sql_type]


def values_of(names, start):
    values = {
        name: value_of(name, number)
        for number, name in enumerate(names, start)
        if CASE_COLUMNS[name].sql_type != "bigint"
    }
    # What the database checks: a closed case has a closed status.
    return values | ({"status": Status.RESOLVED} if "status" in values else {})


def stored_values(names):
    return Case.objects.values(*names).get()


@pytest.fixture
def opened():
    """A case that a page opens, each of its columns with a value of its own."""
    identity = IdentityFactory()
    ids = {
        "customer_id": identity.customer_id,
        "identity_id": identity.pk,
        "department_id": DepartmentFactory().pk,
    }
    return CaseState(id=0, version=0, **{**values_of(OPENED_COLUMNS, 3), **ids})


@pytest.fixture
def brand():
    return BrandAccountFactory()


def stored_in(brand, opened):
    (opened.id,) = write_sql.write_cases(brand.pk, "x", [], opened_case_rows([opened]))
    return opened


@pytest.mark.parametrize("name", CASE_COLUMNS)
def test_each_column_is_the_model_s_with_the_same_type(name):
    field = next(field for field in Case._meta.concrete_fields if field.attname == name)
    assert field.column == name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT atttypid = %s::regtype, NOT attnotnull FROM pg_attribute "
            "WHERE attrelid = 'inbox_case'::regclass AND attname = %s",
            [CASE_COLUMNS[name].sql_type, name],
        )
        assert cursor.fetchone() == (True, field.null)


def test_opening_a_case_writes_each_column(brand, opened):
    stored_in(brand, opened)
    assert stored_values(OPENED_COLUMNS) == {name: getattr(opened, name) for name in OPENED_COLUMNS}
    assert Case.objects.get().version == 1


def test_locking_a_case_reads_each_column(brand, opened):
    stored_in(brand, opened)
    with transaction.atomic():
        (row,) = read_sql.lock_cases(
            brand.pk,
            threads=[],
            own_threads=[],
            customers=[],
            cases=[opened.id],
            answered=False,
            closed_after=NOW,
        )
    read = CaseState.from_row(row)
    assert {name: getattr(read, name) for name in CASE_COLUMNS} == stored_values(CASE_COLUMNS)
    assert read.threads == {opened.thread_id}
    assert read.answers_wanted_at == []


def test_a_message_that_changes_a_case_writes_each_column_that_it_may(brand, opened):
    stored_in(brand, opened)
    before = stored_values(CASE_COLUMNS)
    changes = values_of(CHANGED_COLUMNS, 103)
    changes |= {name: not before[name] for name in CHANGED_COLUMNS if CASE_COLUMNS[name].sql_type == "bool"}
    changed = dataclasses.replace(opened, **changes)
    write_sql.write_cases(brand.pk, "x", changed_case_rows([changed]), [])
    assert stored_values(CASE_COLUMNS) == {**before, **changes, "version": 2}


def test_recomputing_writes_each_clock(monkeypatch):
    policy()
    CaseFactory()
    values = values_of(CLOCK_COLUMNS, 5) | {"sla_version": SLAVersion.objects.get().number}
    monkeypatch.setattr(clocks, "compute_clock_values", lambda *_: (values, []))
    assert recompute.recompute_chunk(NOW)
    assert stored_values(CLOCK_COLUMNS) == values


def test_a_message_that_changes_a_case_may_change_its_clocks():
    assert set(CLOCK_COLUMNS) <= set(CHANGED_COLUMNS) <= set(OPENED_COLUMNS)


@pytest.mark.parametrize("historical", [True, False])
def test_every_clock_is_computed(historical):
    policy()
    case = CaseFactory(historical=historical, waiting_since=NOW, needs_answer=True)
    values, _ = clocks.compute_clock_values(case, "x", versions.live_service_levels(), NOW)
    assert set(values) == set(CLOCK_COLUMNS)
    assert (values == STOPPED_CLOCKS) is historical


def test_the_clocks_look_at_columns_of_the_list():
    needed = set(clocks.HasClocks.__annotations__)
    assert needed <= {field.name for field in dataclasses.fields(CaseRow)}
