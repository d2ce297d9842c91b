"""Password links and dead ends: each page of the sign-in leads on, also where no mail is sent."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client

from accounts.models import User
from accounts.people import verbs
from tests.accounts.conftest import signed_in
from tests.factories import PASSWORD, UserFactory
from tests.markup import squeezed

NEW = "plum tart at noon"


def text(answer) -> str:
    return squeezed(answer.content.decode())


def links(answer) -> set[str]:
    return set(re.findall(r'href="(/auth/[^"]*)"', answer.content.decode()))


def set_password(browser: Client, path: str, password: str = NEW):
    form = browser.get(path, follow=True)
    address = form.redirect_chain[-1][0]
    return browser.post(address, {"password1": password, "password2": password}, follow=True)


@pytest.fixture
def ana(db) -> User:
    return verbs.save_user(User(username="ana", email="ana.example@company.example"), [], {})


def test_after_the_first_password_a_link_leads_to_signing_in(ana):
    browser = Client()
    done = set_password(browser, verbs.make_password_path(ana))
    assert "Your password is set" in text(done)
    assert "/auth/login/" in links(done)
    assert browser.post("/auth/login/", {"login": "ana", "password": NEW})["Location"] == "/"


def test_a_weak_password_is_refused_in_the_same_place(ana):
    answer = set_password(Client(), verbs.make_password_path(ana), "ana")
    assert "Set your password" in text(answer)
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("how", ["used", "expired", "cut"])
@pytest.mark.parametrize("mail", ["", "smtp://mail.example"])
def test_a_link_that_no_longer_works_leads_on(ana, settings, monkeypatch, how, mail):
    settings.EMAIL_URL = mail
    path = verbs.make_password_path(ana)
    if how == "used":
        set_password(Client(), path)
    elif how == "expired":
        settings.PASSWORD_RESET_TIMEOUT = -1
    else:
        path = f"{path[:-5]}/"
    answer = Client().get(path, follow=True)
    assert answer.status_code == 200
    assert "This link no longer works" in text(answer)
    assert "Bad Token" not in text(answer)
    assert {"/auth/login/", "/auth/password/reset/"} <= links(answer)
    further = Client().get("/auth/password/reset/")
    assert ("Ask an administrator for a password link" if not mail else "Send the link") in text(further)
    assert "/auth/login/" in links(further)


def test_a_person_who_has_left_is_told_so_and_led_on(ana):
    set_password(Client(), verbs.make_password_path(ana))
    User.objects.update(is_active=False)
    answer = Client().post("/auth/login/", {"login": "ana", "password": NEW}, follow=True)
    assert "You cannot sign in any more" in text(answer)
    assert "/auth/login/" in links(answer)


def test_sign_up_is_closed_and_says_who_helps(db):
    answer = Client().get("/auth/signup/")
    assert "Ask an administrator to add you" in text(answer)
    assert "/auth/login/" in links(answer)


def test_an_unknown_address_has_no_mail_sent_there(ana, settings, mailoutbox):
    settings.EMAIL_URL = "smtp://mail.example"
    answers = [
        text(Client().post("/auth/password/reset/", {"email": email}, follow=True))
        for email in ("stranger@elsewhere.example", ana.email)
    ]
    assert [message.to for message in mailoutbox] == [[ana.email]]
    # And the page tells nobody which of the two works here.
    assert re.sub(r"nonce=\S+|\w{64}", "", answers[0]) == re.sub(r"nonce=\S+|\w{64}", "", answers[1])


@pytest.mark.parametrize("name", ["Ana.Example@Company.example", "ana.example@company.example ", " ANA"])
def test_capitals_and_blanks_are_the_same_person(ana, settings, mailoutbox, name):
    settings.EMAIL_URL = "smtp://mail.example"
    set_password(Client(), verbs.make_password_path(ana))
    assert Client().post("/auth/login/", {"login": name, "password": NEW}).status_code == 302
    if "@" in name:
        Client().post("/auth/password/reset/", {"email": name})
        assert [message.to for message in mailoutbox] == [[ana.email]]


def test_a_second_person_with_the_same_address_in_capitals_is_refused(ana, admin):
    data = {
        "username": "other",
        "email": "ANA.example@Company.example",
        "first_name": "Ana",
        "last_name": "Other",
    }
    answer = admin.post("/people/new/", data | {"role": "agent"})
    assert "This e-mail address is taken" in text(answer)
    assert User.objects.filter(email__iexact=ana.email).count() == 1


@pytest.mark.parametrize(
    "lookalike", ["moß@company.example", "mo\u017fs@company.example", "m\u043ess@company.example"]
)
def test_a_lookalike_address_gets_no_link(db, settings, mailoutbox, lookalike):
    settings.EMAIL_URL = "smtp://mail.example"
    verbs.save_user(User(username="moss", email="moss@company.example"), [], {})
    Client().post("/auth/password/reset/", {"email": lookalike})
    assert mailoutbox == []


def test_a_token_is_of_the_password_that_it_replaces(ana):
    token = default_token_generator.make_token(ana)
    ana.set_password(NEW)
    assert not default_token_generator.check_token(ana, token)


class TestTwoTabs:
    """The sign-in page is open in two tabs of one browser; each has the token of its own time."""

    @pytest.fixture
    def browser(self, db):
        return Client(enforce_csrf_checks=True)

    def token(self, browser) -> str:
        page = browser.get("/auth/login/?next=/presence/").content.decode()
        return re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]

    def test_whoever_is_signed_in_by_the_other_tab_gets_in(self, browser):
        ana = UserFactory(username="ana")
        first, second = self.token(browser), self.token(browser)
        data = {"login": ana.username, "password": PASSWORD, "next": "/presence/"}
        assert browser.post("/auth/login/", data | {"csrfmiddlewaretoken": second}).status_code == 302
        answer = browser.post("/auth/login/", data | {"csrfmiddlewaretoken": first})
        assert (answer.status_code, answer["Location"]) == (302, "/presence/")
        assert browser.get("/presence/").status_code == 200
        outside = browser.post(
            "/auth/login/", data | {"csrfmiddlewaretoken": first, "next": "//evil.example/"}
        )
        assert outside["Location"] == "/"

    def test_an_old_page_opens_anew_and_says_so(self, browser):
        ana = UserFactory(username="ana")
        old = self.token(browser)
        browser.cookies["csrftoken"] = "a" * 32
        data = {"login": ana.username, "password": PASSWORD, "csrfmiddlewaretoken": old}
        answer = browser.post("/auth/login/?next=/presence/", data, follow=True)
        assert answer.redirect_chain == [("/auth/login/?next=/presence/", 302)]
        assert "Please sign in again" in text(answer)

    def test_any_other_form_is_refused_as_before(self, browser):
        user = UserFactory()
        browser.cookies = signed_in(user).cookies
        answer = browser.post("/presence/set/", {"to": "away"})
        assert answer.status_code in (403, 404)
        assert answer.status_code == 404 or "This form has expired" in text(answer)
