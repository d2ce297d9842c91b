"""Saved views: who may open and change which, and that their numbers are those of their lists."""

from __future__ import annotations

import datetime as dt
import html
import random
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.models import Case, OpeningList, SavedView, Status, ViewPlace
from inbox.queue.saved_views import counting
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    SavedViewFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements, signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db

PEOPLE = (
    "owner",
    "agent",
    "manager",
    "community",
    "analyst",
    "administrator",
    "agent elsewhere",
    "manager elsewhere",
)
#: Who may open, and who may change, a view of each scope.
OPENS = {
    "person": {"owner"},
    "departments": {"owner", "agent", "manager", "community", "analyst", "administrator"},
    "company": set(PEOPLE),
}
CHANGES = {
    "person": {"owner"},
    "departments": {"owner", "manager", "administrator"},
    "company": {"owner", "administrator"},
}


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def brand():
    return BrandAccountFactory(handle="yourbrand")


@pytest.fixture
def people(service, brand):
    elsewhere = DepartmentFactory(name="Press", slug="press")
    own = {"departments": [service], "publishes": [brand]}
    return {
        "owner": UserFactory(role=Role.AGENT, **own),
        "agent": UserFactory(role=Role.AGENT, **own),
        "manager": UserFactory(role=Role.MANAGER, **own),
        "community": UserFactory(role=Role.COMMUNITY, publishes=[brand]),
        "analyst": UserFactory(role=Role.ANALYST, departments=[service]),
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "agent elsewhere": UserFactory(role=Role.AGENT, departments=[elsewhere], publishes=[brand]),
        "manager elsewhere": UserFactory(role=Role.MANAGER, departments=[elsewhere], publishes=[brand]),
    }


def ids(response):
    return [int(pk) for pk in re.findall(r'<li class="row[^>]*data-case="(\d+)"', response.content.decode())]


def page_through(client, address):
    """All cases that one can page through, in their order."""
    listed = []
    while address:
        response = client.get(address)
        assert response.status_code == 200
        listed += ids(response)
        link = re.search(r'<li class="more"><a class="btn" href="([^"]+)"', squeezed(response))
        address = html.unescape(link.group(1)) if link else ""
    return listed


def number_of(client, view):
    """The number of a view in the navigation, as text."""
    return number_in(squeezed(client.get(reverse("inbox:navigation"))), view)


def number_in(text, view):
    return re.search(rf'href="/views/{view.pk}/"[^>]*>.*?<span class="n">([^<]*)</span>', text).group(1)


@pytest.mark.slow
@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("scope", OPENS)
def test_every_address_of_a_view_by_role(people, service, person, scope):
    shared = [service] if scope == "departments" else []
    view = SavedViewFactory(owner=people["owner"], scope=scope, departments=shared)
    client = signed_in(people[person])
    opens, changes = person in OPENS[scope], person in CHANGES[scope]
    assert client.get(reverse("inbox:view", args=[view.pk])).status_code == (200 if opens else 404)
    assert client.get(reverse("inbox:view_edit", args=[view.pk])).status_code == (200 if changes else 404)
    for name, data, allowed in (
        ("view_edit", {"name": "Renamed", "scope": "person", "version": 99}, changes),
        ("view_filters", {"version": 99}, changes),
        ("view_move", {"way": "up"}, opens),
        ("view_hide", {"on": "1"}, opens),
        ("view_restore", {}, False),
        ("view_delete", {}, changes),
    ):
        status = client.post(reverse(f"inbox:{name}", args=[view.pk]), data).status_code
        assert (status != 404) is allowed, (name, status)
    restored = client.post(reverse("inbox:view_restore", args=[view.pk])).status_code
    assert (restored == 302) is changes
    view.refresh_from_db()
    assert view.deleted_at is None
    assert view.name != "Renamed"


def test_absent_and_forbidden_views_answer_with_the_same_words(people):
    view = SavedViewFactory(owner=people["owner"])
    client = signed_in(people["administrator"])
    bodies = {
        client.get(reverse("inbox:view", args=[pk]))
        .content.decode()
        .split("<main")[1]
        .replace(f"/views/{pk}/", "")
        for pk in (view.pk, 987654321)
    }
    assert len(bodies) == 1


def test_only_managers_and_administrators_share_with_everybody(people):
    address = reverse("inbox:view_new") + "?of=open&tone=negative"
    for person, status in (("agent", 422), ("community", 422), ("manager", 302), ("administrator", 302)):
        response = signed_in(people[person]).post(address, {"name": "Angry", "scope": "company"})
        assert response.status_code == status, person


def test_nobody_shares_with_departments_of_others(people, service):
    address = reverse("inbox:view_new") + "?of=open&tone=negative"
    response = signed_in(people["agent elsewhere"]).post(
        address, {"name": "Angry", "scope": f"departments:{service.pk}"}
    )
    assert response.status_code == 422
    assert "Choose at least one department" in response.content.decode()
    assert not SavedView.objects.exists()


def test_a_filtered_list_is_saved_under_a_name_and_found_again(people, service, brand):
    angry = CaseFactory(department=service, brand_account=brand, sentiment="negative")
    CaseFactory(department=service, brand_account=brand, sentiment="positive")
    client = signed_in(people["agent"])
    page = client.get("/?tone=negative&sort=oldest")
    assert "Save as a view" in page.content.decode()
    assert "Save as a view" not in client.get("/").content.decode()
    address = html.unescape(re.search(r'action="(/views/new/[^"]+)"', page.content.decode()).group(1))
    saved = client.post(address, {"name": " Angry  <b>", "scope": "person"}, follow=True)
    view = SavedView.objects.get()
    assert saved.redirect_chain == [(f"/views/{view.pk}/", 302)]
    assert view.name == "Angry <b>"
    assert ids(saved) == [angry.pk]
    assert number_of(client, view) == "1"
    assert "<b>" not in squeezed(client.get(reverse("inbox:navigation"))).split(f"/views/{view.pk}/")[1][:40]


def test_the_list_of_a_department_is_saved_with_its_department(people, service, brand):
    case = CaseFactory(department=service, brand_account=brand)
    CaseFactory(department=DepartmentFactory(), brand_account=brand)
    client = signed_in(people["administrator"])
    client.post(reverse("inbox:view_new") + "?of=department:service", {"name": "Theirs"})
    view = SavedView.objects.get()
    assert (view.kind, view.query) == ("open", f"department={service.pk}")
    assert page_through(client, f"/views/{view.pk}/") == [case.pk]


def test_a_name_is_needed_and_used_once(people):
    client = signed_in(people["agent"])
    address = reverse("inbox:view_new") + "?of=open&tone=negative"
    assert "Give the view a name" in client.post(address, {"name": "  "}).content.decode()
    assert client.post(address, {"name": "Angry"}).status_code == 302
    again = client.post(address, {"name": "angry"})
    assert again.status_code == 422
    assert 'value="angry"' in again.content.decode()
    assert SavedView.objects.count() == 1


def test_filters_in_the_address_go_before_those_of_the_view(people, service, brand):
    angry = CaseFactory(department=service, brand_account=brand, sentiment="negative")
    calm = CaseFactory(department=service, brand_account=brand, sentiment="positive")
    view = SavedViewFactory(owner=people["owner"], query="tone=negative")
    client = signed_in(people["owner"])
    assert "Save changes" not in client.get(f"/views/{view.pk}/").content.decode()
    changed = client.get(f"/views/{view.pk}/?tone=positive")
    assert ids(changed) == [calm.pk]
    assert "Save changes" in changed.content.decode()
    bare = client.get(f"/views/{view.pk}/?changed=1")
    assert set(ids(bare)) == {angry.pk, calm.pk}
    assert f'href="/views/{view.pk}/?changed=1"' in client.get(f"/views/{view.pk}/").content.decode()
    client.post(f"/views/{view.pk}/filters/?tone=positive", {"version": view.version})
    assert ids(client.get(f"/views/{view.pk}/")) == [calm.pk]
    late = client.post(f"/views/{view.pk}/filters/?tone=neutral", {"version": view.version}, follow=True)
    assert "in the meantime" in late.content.decode()
    view.refresh_from_db()
    assert view.query == "tone=positive"


def test_the_form_of_filters_leads_back_into_the_view(people):
    view = SavedViewFactory(owner=people["owner"], query="tone=negative")
    client = signed_in(people["owner"])
    form = client.get(f"/queue/filters/?of=view:{view.pk}&tone=negative", **HTMX)
    assert f'name="of" value="view:{view.pk}"' in form.content.decode()
    for chosen, led in (("&tone=negative", ""), ("&tone=positive", "?tone=positive"), ("", "?changed=1")):
        response = client.get(f"/queue/filters/?of=view:{view.pk}{chosen}&show=1")
        assert response.url == f"/views/{view.pk}/{led}"
    assert client.get("/queue/filters/?of=view:987654&show=1").status_code == 404


def test_deleting_can_be_undone(people, service):
    view = SavedViewFactory(owner=people["owner"], scope="departments", departments=[service])
    client = signed_in(people["owner"])
    deleted = client.post(reverse("inbox:view_delete", args=[view.pk]), follow=True)
    assert f"/views/{view.pk}/restore/" in deleted.content.decode()
    assert client.get(f"/views/{view.pk}/").status_code == 404
    assert signed_in(people["agent"]).get(f"/views/{view.pk}/").status_code == 404
    client.post(reverse("inbox:view_restore", args=[view.pk]))
    assert signed_in(people["agent"]).get(f"/views/{view.pk}/").status_code == 200


def test_a_view_that_is_hidden_leaves_ones_own_navigation_only(people, service):
    view = SavedViewFactory(owner=people["owner"], scope="departments", departments=[service])
    first, second = signed_in(people["agent"]), signed_in(people["owner"])
    assert number_of(first, view) == "0"
    first.post(reverse("inbox:view_hide", args=[view.pk]), {"on": "1"})
    assert f"/views/{view.pk}/" not in first.get(reverse("inbox:navigation")).content.decode()
    assert number_of(second, view) == "0"
    assert f"/views/{view.pk}/" in first.get(reverse("inbox:views")).content.decode()
    assert first.get(f"/views/{view.pk}/").status_code == 200
    first.post(reverse("inbox:view_hide", args=[view.pk]), {"on": "0"})
    assert number_of(first, view) == "0"


def test_views_stand_in_the_order_that_each_person_gives_them(people):
    views = [SavedViewFactory(owner=people["administrator"], scope="company") for _ in range(3)]
    client, other = signed_in(people["agent"]), signed_in(people["owner"])

    def order(reader):
        return [
            int(pk) for pk in re.findall(r'href="/views/(\d+)/"', reader.get("/navigation/").content.decode())
        ]

    first, second, third = (view.pk for view in views)
    assert order(client) == [first, second, third]
    client.post(reverse("inbox:view_move", args=[third]), {"way": "up"})
    assert order(client) == [first, third, second]
    client.post(reverse("inbox:view_move", args=[first]), {"way": "up"})
    assert order(client) == [first, third, second]
    assert order(other) == [first, second, third]
    assert ViewPlace.objects.filter(user=people["agent"]).count() == 3
    page = client.get("/navigation/").content.decode()
    assert f'href="/views/{third}/" data-go="2"' in page


QUERIES = {
    "open": ("", "tone=negative", "assignee=me&sort=due", "assignee=nobody", "tag=lid", "due=over", "waiting=60",
             "answer=missing&sort=waiting", "stream=direct", "priority=2&priority=1&sort=priority", "department={d}"),
    "unassigned": ("", "tone=negative&sort=oldest"),
    "mine": ("", "tag=lid"),
    "watching": ("",),
    "snoozed": ("", "tone=negative"),
    "unsent": ("",),
}  # fmt: skip


@pytest.mark.slow
def test_a_number_is_that_of_the_cases_that_one_can_page_through(people, service, brand):
    chance, now = random.Random(7), timezone.now()
    departments, brands = [service, DepartmentFactory()], [brand, BrandAccountFactory()]
    for _ in range(70):
        waiting = chance.choice([None, now - dt.timedelta(hours=2), now - dt.timedelta(minutes=5)])
        case = CaseFactory(
            department=chance.choice(departments), brand_account=chance.choice(brands), created_at=now - dt.timedelta(days=1),
            visibility=chance.choice(["public", "direct"]), sentiment=chance.choice(["negative", "positive"]),
            assignee=chance.choice([None, *people.values()]), status=Status.OPEN, waiting_since=waiting,
        )  # fmt: skip
        Case.objects.filter(pk=case.pk).update(
            tags=chance.choice([[], ["lid"]]), priority=chance.choice([0, 1, 2]),
            next_due_at=chance.choice([None, now - dt.timedelta(hours=1), now + dt.timedelta(hours=5)]),
            snoozed_since=chance.choice([None, None, now]), unsent_since=chance.choice([None, now]),
        )  # fmt: skip
    views = [
        SavedViewFactory(
            owner=people["administrator"], scope="company", kind=kind, query=query.format(d=service.pk)
        )
        for kind, queries in QUERIES.items()
        for query in queries
    ]
    seen = set()
    for name in ("agent", "community", "administrator", "manager elsewhere"):
        person = people[name]
        client, readable = (
            signed_in(person),
            set(Case.objects.visible_to(person).values_list("pk", flat=True)),
        )
        navigation = squeezed(client.get(reverse("inbox:navigation")))
        numbers = {view.pk: number_in(navigation, view) for view in views}
        seen |= set(numbers.values())
        for view in views:
            listed = page_through(client, f"/views/{view.pk}/")
            assert len(listed) == len(set(listed))
            assert set(listed) <= readable, (name, view.kind, view.query)
            assert numbers[view.pk] == str(len(listed)), (name, view.kind, view.query)
    assert len(seen) > 5


def test_more_than_can_be_counted_is_said_so(people, service, brand, monkeypatch):
    monkeypatch.setattr(counting, "MOST_COUNTED", 3)
    monkeypatch.setattr("inbox.queue.navigation.MOST_COUNTED", 3)
    view = SavedViewFactory(owner=people["owner"], query="media=yes&priority=0")
    client = signed_in(people["owner"])
    for number in ("0", "1", "2", "2+", "2+"):
        assert number_of(client, view) == number
        CaseFactory(department=service, brand_account=brand, has_media=True)


def test_what_is_not_counted_has_no_number(people):
    view = SavedViewFactory(owner=people["owner"], query="text=lid")
    closed = SavedViewFactory(owner=people["owner"], kind="resolved", query="tone=negative")
    client = signed_in(people["owner"])
    assert number_of(client, view) == number_of(client, closed) == ""
    assert squeezed(client.get(reverse("inbox:views"))).count("not counted") == 2


@pytest.mark.parametrize("role", [Role.AGENT, Role.COMMUNITY, Role.ADMINISTRATOR, Role.ANALYST])
def test_it_costs_the_same_statements_for_one_row_and_for_fifty(role, service, brand):
    user = UserFactory(role=role, departments=[service, DepartmentFactory()], publishes=[brand])
    views = [SavedViewFactory(owner=user, query="priority=0&assignee=me&assignee=nobody") for _ in range(5)]
    client = signed_in(user)
    CaseFactory(department=service, brand_account=brand)
    addresses = ("/", f"/views/{views[0].pk}/")
    before = [count_statements(client, address) for address in addresses]
    for _ in range(49):
        CaseFactory(department=service, brand_account=brand)
    assert [count_statements(client, address) for address in addresses] == before
    assert max(before) <= 8


def test_the_page_of_views_costs_the_same_for_one_view_and_for_nine(people):
    client = signed_in(people["owner"])
    SavedViewFactory(owner=people["owner"], query="tone=negative")
    before = count_statements(client, "/views/")
    for _ in range(8):
        SavedViewFactory(owner=people["owner"], query="tone=negative")
    assert count_statements(client, "/views/") == before


def test_a_view_that_looks_for_what_is_gone_says_so_and_opens(people, service, brand):
    case = CaseFactory(department=service, brand_account=brand)
    gone = DepartmentFactory()
    view = SavedViewFactory(
        owner=people["owner"], query=f"department={gone.pk}&department={service.pk}", scope="departments", departments=[gone, service]
    )  # fmt: skip
    gone.delete()
    client = signed_in(people["owner"])
    response = client.get(f"/views/{view.pk}/")
    assert ids(response) == [case.pk]
    assert "looks for a department that is not there any more" in squeezed(response)
    assert "looks for" not in squeezed(client.get("/?tone=negative"))
    tagged = SavedViewFactory(owner=people["owner"], query="tag=kettle")
    assert "looks for the tag “#kettle” that is not there" in squeezed(client.get(f"/views/{tagged.pk}/"))
    Case.objects.filter(pk=case.pk).update(tags=["kettle"])
    assert "looks for" not in squeezed(client.get(f"/views/{tagged.pk}/"))


def test_a_view_is_what_opens_first_for_a_person_or_a_role(people):
    for_all = SavedViewFactory(owner=people["administrator"], scope="company", query="tone=negative")
    own = SavedViewFactory(owner=people["agent"], query="tone=positive")
    administrator, client = signed_in(people["administrator"]), signed_in(people["agent"])
    opening = reverse("inbox:views_opening")
    assert client.get("/").status_code == 200
    administrator.post(opening, {"role": "agent", "opening": str(for_all.pk)})
    assert client.get("/").url == f"/views/{for_all.pk}/"
    assert signed_in(people["manager"]).get("/").status_code == 200
    client.post(opening, {"opening": str(own.pk)})
    assert client.get("/").url == f"/views/{own.pk}/"
    client.post(opening, {"opening": "mine"})
    assert client.get("/").url == reverse("inbox:queue_mine")
    assert 'href="/queue/open/" data-go="o"' in client.get("/navigation/").content.decode()
    assert client.get("/queue/open/").status_code == client.get("/?tone=negative").status_code == 200
    client.post(opening, {"opening": ""})
    assert client.get("/").url == f"/views/{for_all.pk}/"
    administrator.post(reverse("inbox:view_delete", args=[for_all.pk]))
    assert client.get("/").status_code == 200


def test_nobody_chooses_what_opens_first_for_others(people):
    own = SavedViewFactory(owner=people["agent"])
    client = signed_in(people["agent"])
    opening = reverse("inbox:views_opening")
    assert client.post(opening, {"role": "agent", "opening": "mine"}).status_code == 404
    # A view that not everybody sees would lead to nothing.
    private = SavedViewFactory(owner=people["administrator"])
    signed_in(people["administrator"]).post(opening, {"role": "agent", "opening": str(private.pk)})
    signed_in(people["manager"]).post(opening, {"opening": str(own.pk)})
    assert not OpeningList.objects.exists()


def test_acts_on_many_cases_reach_the_whole_view_and_lead_back(people, service, brand):
    view = SavedViewFactory(owner=people["agent"], query="tone=negative")
    for tone in ("negative", "negative", "positive"):
        CaseFactory(department=service, brand_account=brand, sentiment=tone)
    client = signed_in(people["agent"])
    response = client.post(
        reverse("inbox:bulk"),
        {"act": "tag", "tag": "lid", "every": "1", "sure": "1", "list": f"/views/{view.pk}/"},
    )
    assert response.status_code == 302
    assert response.url == f"/views/{view.pk}/"
    assert Case.objects.filter(tags=["lid"]).count() == 2


def test_a_case_leads_back_to_the_view_it_was_opened_from(people, service, brand):
    case = CaseFactory(department=service, brand_account=brand, sentiment="negative")
    view = SavedViewFactory(owner=people["agent"], query="tone=negative")
    client = signed_in(people["agent"])
    client.get(f"/views/{view.pk}/")
    assert f'href="/views/{view.pk}/"' in client.get(reverse("inbox:case", args=[case.pk])).content.decode()


def test_a_search_is_saved_as_a_view_and_opening_it_runs_it(people, service, brand):
    message = MessageFactory(
        case=CaseFactory(department=service, brand_account=brand), text="The lid is cracked"
    )
    client = signed_in(people["agent"])
    page = client.get("/search/?q=cracked+is:open&sort=oldest").content.decode()
    address = html.unescape(re.search(r'action="(/views/new/[^"]+)"', page).group(1))
    assert "Save as a view" not in client.get("/search/").content.decode()
    response = client.post(address, {"name": "Cracked lids"}, follow=True)
    view = SavedView.objects.get()
    assert response.redirect_chain == [
        (f"/views/{view.pk}/", 302),
        ("/search/?q=cracked+is%3Aopen&sort=oldest", 302),
    ]
    assert f"/cases/{message.case.pk}/" in response.content.decode()
    assert number_of(client, view) == ""
    assert "Search for “cracked is:open”" in squeezed(client.get("/views/"))
    assert client.get(f"/views/{view.pk}/edit/").status_code == 200
    assert signed_in(people["owner"]).get(f"/views/{view.pk}/").status_code == 404
    refused = client.post(
        "/bulk/", {"act": "resolve", "every": "1", "list": f"/views/{view.pk}/"}, follow=True
    )
    assert "not there any more" in squeezed(refused)


def test_each_person_chooses_how_much_room_rows_take(people):
    client, other = signed_in(people["agent"]), signed_in(people["owner"])
    view = SavedViewFactory(owner=people["agent"])
    client.get(f"/views/{view.pk}/")
    response = client.post(reverse("inbox:set_density"), {"compact": "1"})
    assert response.url == f"/views/{view.pk}/"
    assert 'class="case-list compact"' in client.get(response.url).content.decode()
    assert 'class="case-list"' in other.get("/").content.decode()
    client.post(reverse("inbox:set_density"), {"compact": "0"})
    assert 'class="case-list"' in client.get("/").content.decode()
