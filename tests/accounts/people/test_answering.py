"""Who may answer as an account: shown and changed on the account's own page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, AuditVerb, BrandAccountGrant, Role
from accounts.people.answering import describe_whom_to_ask
from tests.accounts.conftest import signed_in
from tests.factories import BrandAccountFactory, UserFactory


@pytest.fixture
def account(department):
    return BrandAccountFactory(handle="kettle_uk", owner_department=department)


def grants(account):
    return dict(account.grants.values_list("user__username", "can_publish"))


def address(account):
    return reverse("accounts:brand_account_answerers", args=[account.pk])


def test_people_are_chosen_on_the_accounts_page(account, cast, administrator):
    UserFactory(username="anon", initials="", role=Role.AGENT)
    browser = signed_in(administrator)
    page = browser.get(address(account)).content.decode()
    assert "Nobody may answer yet" in page
    assert "needs initials first" in page
    assert f'value="{cast["analyst"].pk}"' not in page
    for person in (cast["agent"], cast["manager"]):
        person.initials = "AB"
        person.save()
    browser.post(
        address(account), {"answerer": [cast["agent"].pk, cast["manager"].pk, cast["analyst"].pk, "x"]}
    )
    assert grants(account) == {"agent": True, "manager": True}
    answer = browser.post(address(account), {"answerer": [cast["agent"].pk]}, follow=True)
    assert "1 person may answer as @kettle_uk" in answer.content.decode()
    assert grants(account) == {"agent": True, "manager": False}, "may still work on its cases"
    assert AuditEntry.objects.filter(verb=AuditVerb.RIGHTS_CHANGED).count() == 3


def test_saving_again_changes_nothing(account, cast, administrator):
    BrandAccountGrant.objects.create(user=cast["agent"], brand_account=account, can_publish=True)
    signed_in(administrator).post(address(account), {"answerer": [cast["agent"].pk]})
    assert not AuditEntry.objects.filter(verb=AuditVerb.RIGHTS_CHANGED).exists()


def test_it_needs_a_recent_sign_in(account, administrator):
    answer = signed_in(administrator, recently=False).get(address(account))
    assert answer.status_code == 302


def test_who_to_ask_is_one_statement_however_many_there_are(
    account, administrator, django_assert_num_queries
):
    for n in range(6):
        UserFactory(first_name=f"Person{n}", last_name="", publishes=[account])
    with django_assert_num_queries(1):
        sentence = describe_whom_to_ask(account)
    assert sentence.endswith("Until then Person0, Person1, Person2 or 3 more can answer.")
