"""Filters: what an address may narrow, and that a page, its links and its lists are narrowed alike."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Role
from inbox.models import Case
from reports.filters import Filters, read_filters
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def manager(billing):
    return UserFactory(role=Role.MANAGER, departments=[billing, DepartmentFactory(name="Service")])


def test_each_filter_narrows_and_several_values_are_alternatives(manager, billing):
    facebook = BrandAccountFactory(network="facebook")
    cases = {
        "facebook": CaseFactory(department=billing, brand_account=facebook),
        "mine": CaseFactory(department=billing, assignee=manager),
        "vip": CaseFactory(department=billing, tags=["vip", "gold"]),
        "press": CaseFactory(department=billing, tags=["press"]),
        "urgent": CaseFactory(department=billing, priority=2),
        "german": CaseFactory(department=billing),
        "elsewhere": CaseFactory(department=DepartmentFactory()),
    }
    MessageFactory(case=cases["german"], language="de")
    expected = {
        "network=facebook": {"facebook"},
        f"account={facebook.pk}": {"facebook"},
        f"department={cases['elsewhere'].department_id}": {"elsewhere"},
        f"person={manager.pk}": {"mine"},
        "tag=vip&tag=press": {"vip", "press"},
        "language=de": {"german"},
        "priority=2": {"urgent"},
        "tag=vip&priority=2": set(),
        "": set(cases),
    }
    reader = UserFactory(role=Role.ADMINISTRATOR)
    for query, names in expected.items():
        filters = read_filters(QueryDict(query), reader)
        narrowed = filters.narrow(Case.objects.all()).values_list("pk", flat=True)
        assert {*narrowed} == {cases[name].pk for name in names}, query
        assert filters.as_query() == query
        assert bool(filters) == bool(query)


def test_what_nobody_may_narrow_by_is_ignored(manager, billing):
    stranger, colleague = UserFactory(departments=[DepartmentFactory()]), UserFactory(departments=[billing])
    other = DepartmentFactory()
    query = QueryDict(
        f"network=carrier-pigeon&account=x&department={other.pk}&department={billing.pk}&person={stranger.pk}"
        f"&person={colleague.pk}&language=<b>&priority=9&priority=1&tag="
    )
    assert read_filters(query, manager) == Filters(
        department_ids=(billing.pk,), person_ids=(colleague.pk,), priorities=(1,)
    )
    # An agent narrows by their own work only, not by that of the person beside them.
    assert read_filters(query, colleague).person_ids == (colleague.pk,)


def test_the_form_above_a_page_holds_what_is_selected(manager, billing):
    """As a browser without JavaScript sends it: every field of the form, the free dates too."""
    client = signed_in(manager)
    form = {"period": "free", "first": "2026-10-05", "last": "2026-10-25", "by": "", "compare": "last-year", "tag": "vip, gold",
            "department": billing.pk}  # fmt: skip
    answer = client.get(reverse("reports:dashboard"), form)
    selection = answer.context["selection"]
    assert selection.as_query() == (
        f"period=2026-10-05..2026-10-25&compare=last-year&department={billing.pk}&tag=vip&tag=gold"
    )
    page = squeezed(answer.content.decode())
    assert "<b>5 Oct – 25 Oct 2026</b>" in page and "against <b>5 Oct – 25 Oct 2025</b>" in page
    assert "Department <b>Billing</b>" in page and "UTC · by time of arrival" in page
    assert '<a href="?period=2026-10-05..2026-10-25&amp;compare=last-year">Clear filters</a>' in page
    assert page.count("checked>") == 4, "period, steps, comparison, department"


def test_links_and_lists_keep_the_selection(manager, billing):
    """The number on a narrowed page is that of the list which its link opens."""
    with time_machine.travel(NOW, tick=False):
        for tags in (["vip"], ["vip"], []):
            case = CaseFactory(department=billing, created_at=NOW, tags=tags)
            MessageFactory(case=case, network_time=NOW)
        client = signed_in(manager)
        query = {"period": "last-4-weeks", "tag": "vip", "compare": "none"}
        page = client.get(reverse("reports:dashboard"), query).content.decode()
        links = re.findall(r'<a href="(/reports/cases/\?[^"]*)">([0-9,]+)</a>', page)
        assert {number for _, number in links} == {"0", "2"}
        for href, number in links:
            assert "tag=vip" in href
            answer = client.get(href.replace("&amp;", "&"))
            assert answer.context["total"] == int(number)
            assert "period=last-4-weeks&amp;compare=none&amp;tag=vip" in answer.content.decode(), (
                "the way back"
            )


@time_machine.travel(NOW, tick=False)
def test_a_page_says_when_it_is_not_narrowed_as_its_address_asks(manager, billing):
    browser, address = signed_in(manager), reverse("reports:dashboard")
    hidden, stranger = DepartmentFactory(name="Legal"), UserFactory(departments=[DepartmentFactory()])
    words = "Not narrowed as asked."

    def page(query):
        return squeezed(browser.get(f"{address}?{query}").content.decode())

    for query in (
        "",
        f"department={billing.pk}&person={manager.pk}&priority=2&network=x&language=de&tag=vip",
        "network=",
    ):
        assert words not in page(query)
    for query, names in (
        (f"department={hidden.pk}", "department"),
        (f"department={billing.pk}&department={hidden.pk}", "department"),
        (f"department={hidden.pk}&person={stranger.pk}&priority=9", "department, person, priority"),
    ):
        assert f"Left out of the filters ({names})" in page(query)
        assert "Legal" not in page(query)
    for here in (address, f"{reverse('reports:cases')}?of=response"):
        said = squeezed(
            browser.get(f"{here}{'&' if '?' in here else '?'}period=<b>last-ish").content.decode()
        )
        assert "“<bdi>&lt;b&gt;last-ish</bdi>” is not a period; here are the last 8 weeks." in said, here
    assert "is not a period" not in page("period=last-4-weeks")
