"""Going to anything by its name: the page without scripts, and what the palette asks for."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.queue.places import list_places
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db


def write(case, text):
    return MessageFactory(case=case, text=text)


@pytest.mark.parametrize("role", Role.values)
def test_everybody_may_open_every_place_that_is_offered(role):
    user = UserFactory(role=role, departments=[DepartmentFactory()])
    client = signed_in(user)
    refused = [
        (place.label, response.status_code)
        for place in list_places(user)
        if (response := client.get(place.href, follow=True)).status_code != 200
    ]
    assert refused == []


@pytest.mark.parametrize("role", Role.values)
def test_every_link_of_the_navigation_is_a_place(role):
    user = UserFactory(role=role, departments=[DepartmentFactory(slug="ours")])
    page = signed_in(user).get(reverse("inbox:go")).content.decode()
    rail = page[page.index('id="rail"') : page.index('class="me"')]
    content = page[page.index('id="content"') :]
    for href in re.findall(r'<li><a href="([^"]+)"', rail):
        assert f'<li><a href="{href}"' in content, href


def test_words_narrow_the_places_and_nothing_is_said_to_be_nothing():
    client = signed_in(UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()]))
    page = client.get(reverse("inbox:go"), {"q": "word li"}).content.decode()
    content = page[page.index('id="content"') :]
    assert "Word lists" in content
    assert "Service levels" not in content
    page = client.get(reverse("inbox:go"), {"q": "qqqzzz"}).content.decode()
    assert "Nothing found for" in page
    assert f"{reverse('inbox:search')}?q=qqqzzz" in page


def test_cases_and_customers_are_found_by_the_beginnings_of_words_and_by_number():
    department, brand = DepartmentFactory(), BrandAccountFactory()
    client = signed_in(UserFactory(departments=[department], publishes=[brand]))
    maren = IdentityFactory(name="Maren Bakes", handle="maren")
    case = CaseFactory(department=department, brand_account=brand, identity=maren)
    write(case, "Where is my marmalade?")
    found = client.get(reverse("inbox:go_found"), {"q": "mare"}).json()
    assert [(hit["case"], hit["name"]) for hit in found["customers"]] == [(case.pk, "@maren")]
    found = client.get(reverse("inbox:go_found"), {"q": "marmal"}).json()
    assert [(hit["case"], hit["about"]) for hit in found["cases"]] == [(case.pk, "Where is my marmalade?")]
    found = client.get(reverse("inbox:go_found"), {"q": f"{case.pk}"}).json()
    assert [hit["case"] for hit in found["numbers"]] == [case.pk]
    page = client.get(reverse("inbox:go"), {"q": f"{case.pk}"}).content.decode()
    assert f"Case {case.pk}:" in page


def test_nobody_finds_a_case_that_they_may_not_read():
    theirs = CaseFactory(department=DepartmentFactory(), visibility="direct")
    write(theirs, "A secret marmalade.")
    client = signed_in(UserFactory(departments=[DepartmentFactory()], publishes=[BrandAccountFactory()]))
    for words in ("marmalade", str(theirs.pk), theirs.identity.handle):
        found = client.get(reverse("inbox:go_found"), {"q": words}).json()
        assert (found["numbers"], found["customers"], found["cases"]) == ([], [], [])


def test_without_words_the_palette_gets_the_places_alone():
    found = signed_in(UserFactory()).get(reverse("inbox:go_found")).json()
    assert {"group": "Set up", "label": "Rules", "href": "/rules/"} in found["places"]


def test_the_page_asks_the_database_as_often_for_many_cases_as_for_one(django_assert_max_num_queries):
    department, brand = DepartmentFactory(), BrandAccountFactory()
    client = signed_in(UserFactory(departments=[department], publishes=[brand]))
    for _ in range(12):
        write(CaseFactory(department=department, brand_account=brand), "marmalade again")
    client.get(reverse("inbox:go"), {"q": "marmal"})
    with django_assert_max_num_queries(14):
        client.get(reverse("inbox:go"), {"q": "marmal"})
