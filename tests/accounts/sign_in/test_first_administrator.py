"""The first administrator of an installation: a link that works until somebody has been added."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import AuditEntry, AuditVerb, Role, User
from accounts.sign_in.first_administrator import describe_first_sign_in, make_path
from tests.factories import UserFactory

PASSWORD = "four-green-kettles"
FORM = {
    "first_name": "Odile", "last_name": "Brandt", "email": "Odile@Kettle.example", "username": "odile",
    "password1": PASSWORD, "password2": PASSWORD,
}  # fmt: skip


@pytest.fixture
def address(settings):
    return f"/{make_path(settings.SECRET_KEY)}"


@pytest.mark.django_db
def test_the_link_makes_the_first_administrator_who_signs_in_to_the_set_up_list(client, address):
    assert "Nobody can sign in yet" in client.get(address).content.decode()
    done = client.post(address, FORM)
    assert done["Location"] == f"{reverse('account_login')}?next={reverse('inbox:set_up')}"
    user = User.objects.get()
    assert (user.role, user.email, user.is_superuser) == (Role.ADMINISTRATOR, "odile@kettle.example", False)
    assert AuditEntry.objects.filter(verb=AuditVerb.PERSON_ADDED).count() == 1
    signed_in = client.post(
        done["Location"], {"login": "odile@kettle.example", "password": PASSWORD, "next": "/set-up/"}
    )
    assert signed_in["Location"] == "/set-up/"


@pytest.mark.django_db
def test_afterwards_the_link_leads_to_the_sign_in_and_adds_nobody(client, address):
    UserFactory()
    for answer in (client.get(address), client.post(address, FORM)):
        body = answer.content.decode()
        assert "There is an administrator already" in body
        assert reverse("account_login") in body
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["0" * 32, "x", "ü"])
def test_a_wrong_link_is_a_page_that_is_not_there(client, token):
    assert client.post(f"/auth/first/{token}/", FORM).status_code == 404
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password2": "something else"}, "two different passwords"),
        ({"email": "nobody"}, "valid email address"),
        ({"first_name": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(client, address, change, problem):
    body = client.post(address, FORM | change).content.decode()
    assert problem in body
    assert 'value="odile"' in body
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_command_prints_the_path_until_somebody_is_there(capsys, address):
    call_command("first_administrator")
    assert address in capsys.readouterr().out
    UserFactory()
    call_command("first_administrator")
    assert "Somebody has been added already" in capsys.readouterr().out


def test_up_prints_the_whole_address_and_says_how_without_the_key():
    line = describe_first_sign_in("http://127.0.0.1:8000/", {"SECRET_KEY": "k"})
    assert f"http://127.0.0.1:8000/{make_path('k')}" in line
    assert "manage.py first_administrator" in describe_first_sign_in("http://127.0.0.1:8000/", {})
