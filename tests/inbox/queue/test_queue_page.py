"""The queues: who sees what, in which order, page by page, at what price."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.models import Case, Status, Unsent, Watch
from inbox.queue.listing import ROWS_PER_PAGE
from postgres.paging import decode_cursor, encode_cursor
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements, signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def brand():
    return BrandAccountFactory(handle="yourbrand")


@pytest.fixture
def agent(service, brand):
    return UserFactory(departments=[service], publishes=[brand])


def ids(response):
    return [
        int(one) for one in re.findall(r'<li class="row[^>]*data-case="(\d+)"', response.content.decode())
    ]


def next_of(response):
    found = re.search(r'<li class="more"><a class="btn" href="([^"]+)"', squeezed(response))
    return html.unescape(found.group(1)) if found else ""


def test_it_asks_strangers_to_sign_in(client):
    response = client.get(reverse("inbox:queue_mine"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_it_takes_the_whole_page_to_the_sign_in_when_a_fragment_was_asked_for(client):
    response = client.get(reverse("inbox:queue"), **HTMX)
    assert response["HX-Redirect"] == f"{reverse('account_login')}?next=%2F&ended=1"
    assert response.content == b""


def test_it_lists_the_cases_of_ones_departments_newest_first(agent, service, brand):
    now = timezone.now()
    old = CaseFactory(department=service, brand_account=brand, created_at=now - dt.timedelta(hours=3))
    new = CaseFactory(department=service, brand_account=brand, created_at=now - dt.timedelta(minutes=4))
    CaseFactory(brand_account=brand)
    response = signed_in(agent).get(reverse("inbox:queue"))
    assert ids(response) == [new.pk, old.pk]
    assert f'href="/cases/{new.pk}/"' in response.content.decode()
    assert "4 min" in response.content.decode()


def test_a_person_of_several_departments_sees_them_merged_in_order(brand):
    departments = [DepartmentFactory() for _ in range(3)]
    user = UserFactory(departments=departments)
    now = timezone.now()
    expected = [
        CaseFactory(
            department=departments[n % 3], brand_account=brand, created_at=now - dt.timedelta(minutes=n)
        ).pk
        for n in range(7)
    ]
    assert ids(signed_in(user).get(reverse("inbox:queue"))) == expected


def test_views_show_their_own(agent, service, brand):
    mine = CaseFactory(department=service, brand_account=brand, assignee=agent, status=Status.OPEN)
    free = CaseFactory(department=service, brand_account=brand)
    done = CaseFactory(
        department=service,
        brand_account=brand,
        status=Status.RESOLVED,
        closed_at=timezone.now(),
        waiting_since=None,
    )
    client = signed_in(agent)
    assert ids(client.get(reverse("inbox:queue_mine"))) == [mine.pk]
    assert ids(client.get(reverse("inbox:queue_unassigned"))) == [free.pk]
    assert ids(client.get(reverse("inbox:queue_resolved"))) == [done.pk]
    assert set(ids(client.get(reverse("inbox:queue_department", args=["service"])))) == {mine.pk, free.pk}


def test_another_departments_queue_does_not_exist_for_an_agent(agent):
    other = DepartmentFactory(slug="press")
    client = signed_in(agent)
    assert client.get(reverse("inbox:queue_department", args=[other.slug])).status_code == 404
    assert client.get(reverse("inbox:queue_department", args=["nothing"])).status_code == 404


def test_direct_messages_stay_hidden_from_administrators_and_analysts(service, brand):
    public = CaseFactory(department=service, brand_account=brand)
    CaseFactory(department=service, brand_account=brand, visibility="direct")
    for user in (UserFactory(role=Role.ADMINISTRATOR), UserFactory(role=Role.ANALYST, departments=[service])):
        assert ids(signed_in(user).get(reverse("inbox:queue"))) == [public.pk]


def test_a_community_manager_sees_the_cases_of_granted_brand_accounts(service, brand):
    other = BrandAccountFactory()
    own = [CaseFactory(department=service, brand_account=brand).pk, CaseFactory(brand_account=brand).pk]
    CaseFactory(brand_account=other)
    user = UserFactory(role=Role.COMMUNITY, publishes=[brand, BrandAccountFactory()])
    assert set(ids(signed_in(user).get(reverse("inbox:queue")))) == set(own)


def test_it_filters_by_network_account_and_status_and_ignores_nonsense(agent, service, brand):
    facebook = BrandAccountFactory(network="facebook")
    on_x = CaseFactory(department=service, brand_account=brand, status=Status.WAITING, waiting_since=None)
    on_facebook = CaseFactory(department=service, brand_account=facebook)
    client = signed_in(agent)
    for query, expected in (
        ("network=facebook", [on_facebook.pk]),
        (f"brand={brand.pk}", [on_x.pk]),
        ("status=waiting", [on_x.pk]),
        ("network=nowhere&brand=x&status=resolved&sort=best&after=%ff%fe", [on_x.pk, on_facebook.pk]),
        ("brand=99999999999999999999999", [on_x.pk, on_facebook.pk]),
    ):
        assert sorted(ids(client.get(f"/?{query}"))) == sorted(expected), query


def test_waiting_longest_comes_first_on_request(agent, service, brand):
    now = timezone.now()
    cases = [
        CaseFactory(
            department=service, brand_account=brand, created_at=now,
            waiting_since=now - dt.timedelta(hours=hours),
        ).pk
        for hours in (1, 5, 3)
    ]  # fmt: skip
    answered = CaseFactory(department=service, brand_account=brand, waiting_since=None).pk
    assert ids(signed_in(agent).get("/?sort=waiting")) == [cases[1], cases[2], cases[0], answered]


def test_mine_comes_by_what_is_due_and_leaves_nothing_out(agent, service, brand):
    now = timezone.now()
    dues = [now + dt.timedelta(hours=5), None, now - dt.timedelta(hours=1), now + dt.timedelta(minutes=12)]
    late, waiting, overdue, soon = (
        CaseFactory(department=service, brand_account=brand, assignee=agent, next_due_at=due).pk
        for due in dues
    )
    client = signed_in(agent)
    assert ids(client.get("/queue/mine/")) == [overdue, soon, late, waiting]
    assert ids(client.get("/queue/mine/?sort=newest"))[0] == soon
    page = client.get("/queue/mine/").content.decode()
    assert "Due first" in page
    assert 'class="clear" href="/queue/mine/"' not in page
    assert 'class="clear" href="/queue/mine/"' in client.get("/queue/mine/?status=open").content.decode()


def test_mine_is_paged_by_due_time_without_a_gap(agent, service, brand):
    identity, now = IdentityFactory(), timezone.now()
    own = [
        CaseFactory(
            department=service, brand_account=brand, identity=identity, assignee=agent,
            next_due_at=now if number % 2 else None,
        ).pk
        for number in range(ROWS_PER_PAGE + 9)
    ]  # fmt: skip
    client = signed_in(agent)
    first = client.get("/queue/mine/").content.decode()
    following = html.unescape(re.search(r'href="(/queue/mine/\?after=[^"]+)"', first)[1])
    seen = [*ids(client.get("/queue/mine/")), *ids(client.get(following))]
    assert sorted(seen) == sorted(own)


def test_a_row_says_its_department_tone_and_urgency(agent, service, brand):
    case = CaseFactory(department=service, brand_account=brand, priority=2)
    MessageFactory(case=case, sentiment="positive", network_time=timezone.now() - dt.timedelta(hours=1))
    MessageFactory(case=case, sentiment="negative", network_time=timezone.now())
    row = signed_in(agent).get("/").content.decode()
    for words in (service.name, "− negative", "▲ urgent"):
        assert f">{words}</span>" in row


@pytest.mark.parametrize("query", ["", "sort=waiting"])
@pytest.mark.parametrize("departments", [1, 2])
def test_paging_shows_every_case_once_also_among_equal_times(agent, service, brand, query, departments):
    moment, identity = timezone.now(), IdentityFactory()
    places = [service, DepartmentFactory()][:departments]
    for one in places[1:]:
        agent.memberships.create(department=one)
    everything = {
        CaseFactory(
            department=places[n % departments], brand_account=brand, identity=identity, created_at=moment
        ).pk
        for n in range(ROWS_PER_PAGE * 2 + 3)
    }
    client, seen, path = signed_in(agent), [], f"/?{query}"
    while path:
        response = client.get(path, **HTMX)
        seen += ids(response)
        path = next_of(response)
    assert len(seen) == len(everything)
    assert set(seen) == everything


@pytest.mark.slow
def test_every_view_in_every_order_has_a_second_page(agent, service, brand):
    identity, now = IdentityFactory(), timezone.now()
    times = [now - dt.timedelta(minutes=number) for number in range(ROWS_PER_PAGE + 1)]
    everything = {
        CaseFactory(
            department=service, brand_account=brand, identity=identity, assignee=agent, created_at=at,
            waiting_since=at, next_due_at=at, unsent=Unsent.FAILED, unsent_since=at,
        ).pk
        for at in times
    }  # fmt: skip
    Watch.objects.bulk_create(Watch(user=agent, case_id=pk, since=now) for pk in everything)
    client = signed_in(agent)

    def assert_paged(kind, query="", **reverse_to):
        first = client.get(f"{reverse(f'inbox:queue{kind}', **reverse_to)}{query}")
        second = client.get(next_of(first))
        assert {*ids(first), *ids(second)} == everything, f"{kind}{query}"
        assert len(ids(first)) == ROWS_PER_PAGE, f"{kind}{query}"

    assert_paged("_unsent")
    assert_paged("_watching")
    for query in ("", "?sort=waiting", "?sort=due", "?sort=overdue"):
        assert_paged("", query)
        assert_paged("_mine", query)
        assert_paged("_department", query, args=[service.slug])
    Case.objects.update(assignee=None)
    for query in ("", "?sort=waiting", "?sort=due", "?sort=overdue"):
        assert_paged("_unassigned", query)
    Case.objects.update(status=Status.RESOLVED, closed_at=F("waiting_since"))
    assert_paged("_resolved")
    assert_paged("_unsent")


def test_a_cursor_is_what_it_was_made_from_and_a_bad_one_is_none():
    at = dt.datetime(2026, 11, 18, 10, 0, 0, 123456, tzinfo=dt.UTC)
    assert decode_cursor(encode_cursor(at, 2**40)) == (at, 2**40)
    for bad in ("", "x", "A" * 22, "é" * 22, "!" * 22, "_" * 22, encode_cursor(at, 1)[:-1]):
        assert decode_cursor(bad) is None, bad


def test_a_bad_cursor_shows_the_first_page(agent, service, brand):
    case = CaseFactory(department=service, brand_account=brand)
    for bad in ("zzz", "_" * 22, "%ff", "-" * 22):
        assert signed_in(agent).get(f"/?after={bad}").status_code == 200
    assert ids(signed_in(agent).get("/?after=zzz")) == [case.pk]


def test_htmx_gets_the_list_alone_and_with_a_cursor_the_next_rows(agent, service, brand):
    CaseFactory(department=service, brand_account=brand)
    client = signed_in(agent)
    fragment = client.get("/", **HTMX).content.decode()
    assert fragment.strip().startswith('<div class="case-list"')
    assert "<html" not in fragment
    cursor = encode_cursor(timezone.now(), 1)
    assert "case-list" not in client.get(f"/?after={cursor}", **HTMX).content.decode()
    assert "<html" in client.get("/", HTTP_HX_HISTORY_RESTORE_REQUEST="true", **HTMX).content.decode()


def test_hostile_names_and_texts_are_inert(agent, service, brand):
    hostile = '<img src=x onerror=alert(1)>"\' hx-get="/evil"'
    CaseFactory(
        department=service, brand_account=brand, preview=hostile, identity=IdentityFactory(handle=hostile)
    )
    page = signed_in(agent).get("/").content.decode()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_the_navigation_carries_the_numbers(agent, service, brand):
    CaseFactory(department=service, brand_account=brand, assignee=agent, status=Status.OPEN)
    CaseFactory(department=service, brand_account=brand)
    response = signed_in(agent).get(reverse("inbox:navigation"))
    text = " ".join(response.content.decode().split())
    for expected in ('All open <span class="n">2', 'Unassigned <span class="n">1', 'Mine <span class="n">1', 'Service <span class="n">2'):  # fmt: skip
        assert expected in text, expected


@pytest.mark.parametrize("role", [Role.AGENT, Role.COMMUNITY, Role.ADMINISTRATOR, Role.ANALYST])
def test_it_costs_the_same_statements_for_one_row_and_for_thirty(role, service, brand):
    user = UserFactory(
        role=role, departments=[service, DepartmentFactory()], publishes=[brand, BrandAccountFactory()]
    )
    client = signed_in(user)
    CaseFactory(department=service, brand_account=brand)
    one = count_statements(client, "/")
    for _ in range(29):
        CaseFactory(department=service, brand_account=brand, assignee=UserFactory(), status=Status.OPEN)
    assert count_statements(client, "/") == one <= 8
