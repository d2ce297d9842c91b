"""Cases of the list behind a number are linked to a learning item: the selected ones, or all of the list."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from inbox.learning_items import items, linking
from inbox.models import LearningLink
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
LIST = {"of": "created", "period": "last-4-weeks"}


@pytest.fixture
def world():
    """An agent of Service, three cases there and one elsewhere, and an item."""
    with time_machine.travel(NOW, tick=False):
        service, other, brand = DepartmentFactory(), DepartmentFactory(), BrandAccountFactory()
        agent = UserFactory(role=Role.AGENT, departments=[service])
        cases = [
            MessageFactory(case__department=service, case__brand_account=brand, case__created_at=NOW).case
            for _ in range(3)
        ]
        hidden = MessageFactory(
            case__department=other, case__brand_account=brand, case__visibility="direct"
        ).case
        item = items.create_item(agent, "The cord gets hot", service, now=NOW)
        yield agent, cases, hidden, item


def link(user, query=None, **form):
    address = reverse("reports:learning_item_link", query={**LIST, **(query or {})})
    return signed_in(user).post(address, form, follow=True)


def linked(item):
    return sorted(LearningLink.objects.filter(item=item).values_list("case_id", flat=True))


def test_the_selected_cases_are_linked_and_the_list_stays(world):
    agent, cases, hidden, item = world
    page = signed_in(agent).get(reverse("reports:cases"), LIST).content.decode()
    assert page.count('type="checkbox" name="case"') == 3
    assert "At most 500 cases at once" in squeezed(page) and "all of this list (3 cases)" in squeezed(page)
    page = link(agent, which="selected", case=[cases[0].pk, cases[1].pk, hidden.pk], item=item.pk)
    assert linked(item) == [cases[0].pk, cases[1].pk]
    words = squeezed(page.content.decode())
    assert (
        "2 cases linked to “The cord gets hot”. 1 had been linked before, or cannot be read by you." in words
    )
    assert page.redirect_chain[0][0].startswith(reverse("reports:cases") + "?of=created")


def test_all_of_a_list_are_linked_unless_there_are_too_many(world, monkeypatch):
    agent, cases, _, item = world
    link(agent, which="all", item=item.pk)
    assert linked(item) == sorted(case.pk for case in cases)
    LearningLink.objects.all().delete()
    monkeypatch.setattr(linking, "MOST_AT_ONCE", 2)
    page = squeezed(link(agent, which="all", item=item.pk).content.decode())
    assert "Nothing was linked. The list has more than 2 cases." in page and linked(item) == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Nothing was linked. Select cases first"),
        ({"case": ["1"], "item": "x"}, "Nothing was linked. Choose the learning item."),
        ({"case": ["1"], "item": str(2**40)}, "Nothing was linked. Choose the learning item."),
    ],
)
def test_what_is_missing_is_named(world, form, words):
    agent, _, _, item = world
    assert words in squeezed(link(agent, which="selected", **form).content.decode())
    assert linked(item) == []


def test_a_new_item_begins_with_the_cases(world):
    agent, cases, _, _ = world
    page = link(agent, which="selected", case=[cases[0].pk, cases[2].pk], item="new")
    assert page.redirect_chain[0][0].startswith(reverse("reports:learning_item_new"))
    assert f">{cases[0].pk} {cases[2].pk}</textarea>" in page.content.decode()


def test_who_may_not_link_sees_no_boxes_and_is_refused(world):
    _, cases, _, item = world
    analyst = UserFactory(role=Role.ANALYST, departments=[cases[0].department])
    page = signed_in(analyst).get(reverse("reports:cases"), LIST).content.decode()
    assert "link-form" not in page and "learning item" not in page
    assert link(analyst, which="all", item=item.pk).status_code == 404
    agent = UserFactory(role=Role.AGENT, departments=[cases[0].department])
    assert link(agent, {"of": "nothing"}, which="all", item=item.pk).status_code == 404
    assert linked(item) == []
