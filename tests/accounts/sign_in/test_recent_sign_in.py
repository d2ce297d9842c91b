"""What needs a recent sign-in: a fresh one counts, an old one asks, and nobody is asked what they cannot answer."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests import signing_in
from tests.accounts.conftest import signed_in
from tests.factories import PASSWORD, UserFactory

GUARDED = reverse("accounts:user_new")


@pytest.fixture
def ines(db):
    return UserFactory(username="ines", role=Role.ADMINISTRATOR)


def test_signing_in_with_the_password_counts_at_once(ines):
    browser = Client()
    browser.post(reverse("account_login"), {"login": "ines", "password": PASSWORD})
    assert browser.get(GUARDED).status_code == 200


def test_a_quarter_of_an_hour_later_the_password_leads_on_to_the_page(ines):
    browser = signing_in.signed_in(ines, **signing_in.sign_in_records(ines, seconds_ago=901))
    asked = browser.get(GUARDED)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert browser.post(asked["Location"], {"password": "not this one"}).status_code == 200
    assert browser.get(GUARDED).status_code == 302
    answer = browser.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == GUARDED
    assert answer.status_code == 200


def test_what_somebody_else_confirmed_in_this_browser_does_not_count(ines):
    records = signing_in.sign_in_records(UserFactory())
    assert signing_in.signed_in(ines, **records).get(GUARDED).status_code == 302


def test_who_signs_in_elsewhere_is_not_asked_for_a_password_that_they_do_not_have(ines):
    ines.set_unusable_password()
    ines.save()
    assert signed_in(ines, recently=False).get(GUARDED).status_code == 200


@pytest.mark.parametrize(
    "name", ["account_request_reauthentication_code", "account_confirm_reauthentication_code"]
)
def test_nobody_is_asked_for_a_code_by_mail(ines, name, mailoutbox):
    browser = signed_in(ines, recently=False)
    assert browser.get(reverse(name)).status_code in (302, 403, 404)
    assert browser.post(reverse(name), {"email": ines.email}).status_code in (302, 403, 404)
    assert mailoutbox == []
