"""The set-up list of a new installation: what is done, what is next, and where it is done."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.set_up.steps import list_set_up_steps
from tests.factories import BrandAccountFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in


@pytest.fixture
def administrator(db):
    return UserFactory(username="odile", role=Role.ADMINISTRATOR)


def left(administrator):
    return [step.title for step in list_set_up_steps(administrator) if not step.is_done]


def test_each_step_is_done_when_what_it_asks_for_is_there(administrator):
    assert len(left(administrator)) == 9
    service = DepartmentFactory()
    assert left(administrator)[0] == "What goes where"
    account = BrandAccountFactory()
    person = UserFactory(departments=[service])
    assert left(administrator)[:2] == ["What goes where", "Who answers as which account"]
    steps = {step.title: step for step in list_set_up_steps(administrator)}
    assert steps["Who answers as which account"].address == reverse(
        "accounts:brand_account_answerers", args=[account.pk]
    )
    assert "What each account is for" not in left(administrator)
    type(account).objects.update(answers_until=None)
    steps = {step.title: step for step in list_set_up_steps(administrator)}
    assert steps["What each account is for"].address == reverse("accounts:charter", args=[account.pk])
    person.grants.create(brand_account=account, can_publish=True)
    assert "Who answers as which account" not in left(administrator)
    assert "Who is on point, and when" in left(administrator)


def test_it_takes_few_statements_however_much_there_is(administrator, django_assert_max_num_queries):
    for _ in range(5):
        BrandAccountFactory()
    with django_assert_max_num_queries(2):
        list_set_up_steps(administrator)


def test_administrators_find_it_in_the_navigation_and_in_the_empty_inbox(administrator):
    browser = signed_in(administrator)
    inbox = browser.get("/").content.decode()
    assert inbox.count(f'href="{reverse("inbox:set_up")}"') == 2
    page = browser.get(reverse("inbox:set_up")).content.decode()
    assert "1 of 9 done" not in page
    assert "0 of 9 done" in page
    assert page.count('class="btn go"') == 1, "one next step"
    assert "There are no departments yet" in browser.get(reverse("inbox:team")).content.decode()


def test_nobody_else_sees_it(db):
    for role in (Role.MANAGER, Role.AGENT):
        browser = signed_in(UserFactory(role=role))
        assert browser.get(reverse("inbox:set_up")).status_code == 404
        assert reverse("inbox:set_up") not in browser.get("/").content.decode()
