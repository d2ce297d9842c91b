"""Forms of a session that is over: they lead on, and signing in leads back to the page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import PASSWORD, CaseFactory, UserFactory
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(transactional_db):
    return UserFactory(username="ana", first_name="Ana", last_name="Example")


def old_form(client, **more):
    """The sign-in form of a page that was opened before somebody signed in."""
    return client.post("/auth/login/", {"login": "ana", "password": PASSWORD, **more})


def strict(user=None):
    """A browser whose forms need their secret."""
    client = Client(enforce_csrf_checks=True)
    if user:
        client.cookies = signed_in(user).cookies
    client.cookies["csrftoken"] = "a" * 32
    return client


def test_a_second_sign_in_form_leads_to_the_inbox(ana):
    answer = old_form(strict(ana))
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_second_sign_in_form_leads_where_it_was_to_lead(ana):
    assert old_form(strict(ana), next="/notices/")["Location"] == "/notices/"
    assert old_form(strict(ana), next="https://evil.example/")["Location"] == "/"


def test_it_says_who_is_signed_in(ana):
    client = strict(ana)
    old_form(client)
    assert "You are already signed in, as Ana Example." in client.get("/").content.decode()


def test_an_expired_sign_in_form_leads_to_a_new_one():
    client = strict()
    answer = old_form(client, next="/notices/")
    assert answer["Location"] == "/auth/login/?next=%2Fnotices%2F"
    assert "The page was too old" in client.get(answer["Location"]).content.decode()


def test_a_browser_that_refuses_cookies_is_told_so():
    client = Client(enforce_csrf_checks=True)
    answer = old_form(client)
    assert answer.status_code == 403
    assert "refuses cookies" in answer.content.decode()


def test_an_expired_form_says_so_to_scripts_and_offers_the_way_back(ana):
    answer = strict(ana).post(
        "/presence/set/", {"to": "away"}, HTTP_REFERER="http://testserver/presence/?x=1"
    )
    assert (answer.status_code, answer["Horseshoe-Refused"]) == (403, "expired")
    assert 'href="/presence/?x=1"' in answer.content.decode()


def test_signing_in_leads_back_to_the_page_and_not_to_the_form(client):
    case = CaseFactory()
    page = {"HTTP_REFERER": f"http://testserver/cases/{case.pk}/?before=3"}
    answer = client.post(f"/cases/{case.pk}/note/", {"note": "Half"}, **page)
    assert answer["Location"] == f"/auth/login/?next=%2Fcases%2F{case.pk}%2F%3Fbefore%3D3"
    elsewhere = client.post(f"/cases/{case.pk}/note/", HTTP_REFERER="https://evil.example/cases/")
    assert elsewhere["Location"] == "/auth/login/?next=%2F"


@pytest.mark.parametrize("address", ["/cases/1/note/", "/departments/1/open/"])
def test_htmx_takes_the_whole_page_to_signing_in_and_back(client, address):
    page = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/cases/1/"}
    answer = client.post(address, **page)
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/auth/login/?next=%2Fcases%2F1%2F&ended=1")
    assert "Location" not in answer
    assert "You were signed out" in client.get(answer["HX-Redirect"]).content.decode()


def test_a_script_that_sent_a_form_is_told_where_to_go(ana):
    answer = signed_in(ana).post("/presence/set/", {"to": "away"}, HTTP_HORSESHOE_FORM="1")
    assert (answer.status_code, answer.get("Location")) == (200, None)
    assert answer["Horseshoe-Location"] == "/presence/"


def test_a_script_that_sent_a_form_is_told_to_sign_in(client):
    page = {"HTTP_REFERER": "http://testserver/presence/"}
    answer = client.post("/presence/set/", {"to": "away"}, HTTP_HORSESHOE_FORM="1", **page)
    assert answer["Horseshoe-Location"] == "/auth/login/?next=%2Fpresence%2F&ended=1"
