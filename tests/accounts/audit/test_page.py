"""The page of the audit log and its CSV file: who reads what, filters, paging."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from accounts.audit import listing
from accounts.models import AuditEntry, AuditKind, AuditVerb
from tests.accounts.conftest import signed_in
from tests.factories import NOW, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE, FILE = reverse("accounts:audit_log"), reverse("accounts:audit_csv")


def entry(about="Sales", verb=AuditVerb.DEPARTMENT_CHANGED, at=NOW, **fields):
    defaults = {"actor_name": "Ann Bell", "address": "192.0.2.10"}
    return AuditEntry.objects.create(at=at, about=about, verb=verb, kind=verb.kind, **defaults | fields)


def shown(client, **query):
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return [row["entry"].about for row in answer.context["rows"]]


def lines(client, **query):
    answer = client.get(FILE, query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_an_administrator_reads_who_what_from_to_when_and_where(admin):
    entry(changes=[{"name": "Name", "from": "Shop", "to": "Sales & <b>Service</b>"}])
    page = admin.get(PAGE).content.decode()
    for part in ("Ann Bell", "changed the department", "Shop", "192.0.2.10", "Sales &amp; &lt;b&gt;Service"):
        assert part in page
    assert "2026-11-18T10:00:00+00:00" in page


def test_a_manager_reads_what_concerns_their_departments_and_nobodys_sign_in(cast, department):
    other = DepartmentFactory()
    entry("Own", department_ids=[other.pk, department.pk])
    entry("Other", department_ids=[other.pk])
    entry("Everybody")
    entry("Own sign-in", AuditVerb.SIGNED_IN, department_ids=[department.pk])
    manager = signed_in(cast["manager"])
    assert shown(manager) == ["Own"]
    assert [row[4] for row in lines(manager)[1:]] == ["Own"]
    assert "192.0.2.10" not in manager.get(PAGE).content.decode()
    assert "192.0.2.10" not in str(lines(manager))
    assert AuditKind.SIGN_IN not in dict(manager.get(PAGE).context["form"].fields["kind"].choices)


def test_filters_by_person_kind_period_and_words(admin, cast):
    agent = cast["agent"]
    entry("Old", at=NOW - dt.timedelta(days=9))
    entry("By them", actor_id=agent.pk, actor_name=str(agent))
    entry("About them", AuditVerb.PERSON_CHANGED, person_id=agent.pk)
    entry("Worded", changes=[{"name": "Purpose", "from": "", "to": "Grüße an 50 % der Kunden"}])
    assert set(shown(admin, who=agent.pk)) == {"By them", "About them"}
    assert shown(admin, kind="people") == ["About them"]
    assert shown(admin, until="2026-11-17") == ["Old"]
    assert shown(admin, since="2026-11-18", until="2026-11-18", kind="people") == ["About them"]
    assert shown(admin, words="grüße 50 %") == ["Worded"]
    assert shown(admin, words="alex") == ["By them"]


@pytest.mark.parametrize(
    "query",
    [
        {"who": "9" * 30},
        {"kind": "nothing"},
        {"since": "yesterday"},
        {"until": "9999-12-31"},
        {"since": "0001-01-01"},
        {"before": "!" * 22},
        {"words": "%" * 200},
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_ignored(admin, query):
    entry()
    assert shown(admin, **query) == ["Sales"]
    assert len(lines(admin, **query)) == 2


def test_pages_follow_each_other_without_gap_or_repetition(admin, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_LENGTH", 4)
    monkeypatch.setattr(listing, "_BATCH_LENGTH", 3)
    for number in range(9):
        entry(str(number), at=NOW + dt.timedelta(minutes=number // 4))
    seen, query = [], {"kind": "departments"}
    while True:
        answer = admin.get(PAGE, query)
        seen += [row["entry"].about for row in answer.context["rows"]]
        if not answer.context["older"]:
            break
        assert f"kind=departments&amp;before={answer.context['older']}" in answer.content.decode()
        query["before"] = answer.context["older"]
    assert seen == [str(number) for number in reversed(range(9))]
    assert [row[4] for row in lines(admin)[1:]] == seen


@pytest.mark.parametrize(
    "payload", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "－1"]
)
def test_no_cell_of_the_file_is_a_formula(admin, payload):
    entry(payload, actor_name=payload, changes=[{"name": payload, "from": payload, "to": payload}])
    (row,) = lines(admin)[1:]
    assert not [
        cell
        for cell in row
        if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "－"))
    ]
    assert payload in row[1]


def test_the_file_needs_a_recent_sign_in(administrator):
    answer = signed_in(administrator, recently=False).get(FILE)
    assert answer["Location"].startswith("/auth/reauthenticate/")


def test_an_empty_log_says_what_will_be_in_it_and_a_filter_how_to_see_more(admin):
    assert "Nothing has been changed yet" in admin.get(PAGE).content.decode()
    assert "Nothing matches these filters" in admin.get(PAGE, {"words": "Sales"}).content.decode()


def test_the_page_takes_the_same_statements_however_many_entries(admin, django_assert_max_num_queries):
    UserFactory.create_batch(5)
    for number in range(60):
        entry(str(number))
    admin.get(PAGE)
    with django_assert_max_num_queries(12):
        admin.get(PAGE)
