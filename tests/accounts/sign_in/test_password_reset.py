"""The door: signing in with and without a second factor and the company's own sign-in.

What hangs on the environment is tried in a process that starts with it, on the tests' database.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from tests.factories import PASSWORD, UserFactory

ROOT = Path(__file__).resolve().parents[3]
PRELUDE = f"""
import django; django.setup()
from django.test.utils import setup_test_environment; setup_test_environment()
from django.test import Client
from django.urls import reverse
c = Client()
def sign_in(name):
    return c.post("/auth/login/", {{"login": name, "password": "{PASSWORD}"}})
"""


@pytest.fixture(autouse=True)
def quick_passwords() -> None:
    """Not here: the other process hashes as deployed."""


def run(code: str, **environment: str) -> str:
    """What `code` prints in a process of its own that sees the tests' database."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    env = {**os.environ, "DATABASE_URL": urlunsplit(database), "LOG_LEVEL": "ERROR", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PRELUDE + code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_mail_it_says_who_helps(client, db):
    page = client.get("/auth/password/reset/")
    assert page.status_code == 200
    assert "Ask an administrator" in page.content.decode()
    assert client.post("/auth/password/reset/", {"email": "a@example.org"}).status_code == 200


def test_with_mail_it_sends_a_link(client, db, settings, mailoutbox):
    settings.EMAIL_URL = "smtp://mail.example"
    user = UserFactory()
    client.post("/auth/password/reset/", {"email": user.email})
    assert "/auth/password/reset/key/" in mailoutbox[0].body


def test_nobody_signs_up_or_changes_their_address(client, db):
    assert client.post("/auth/signup/", {"email": "a@example.org", "password1": PASSWORD}).status_code == 200
    client.force_login(UserFactory())
    assert client.get("/auth/email/").status_code == 404
    assert client.post("/auth/email/", {"email": "b@example.org", "action_add": ""}).status_code == 404


def test_a_second_factor_is_off_by_default(client, db):
    client.force_login(UserFactory())
    assert client.get("/auth/2fa/totp/activate/").status_code == 404


def test_another_site_cannot_be_the_next_page(client, db):
    user = UserFactory()
    answer = client.post(
        "/auth/login/?next=https://evil.example/",
        {"login": user.username, "password": PASSWORD, "next": "//evil.example"},
    )
    assert answer["Location"] == "/"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestSecondFactor:
    ACTIVATE = """
import re
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
page = c.get("/auth/2fa/totp/activate/")
assert page.status_code == 200, (page.status_code, page.get("Location"))
secret = page.context["form"].secret
def code(): return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
answer = c.post("/auth/2fa/totp/activate/", {"code": code()})
assert answer.status_code == 302, answer.content.decode()
"""

    def test_whoever_set_it_up_is_asked_for_it(self):
        UserFactory(username="ada")
        look = 'print(sign_in("ada")["Location"], c.get("/brand-accounts/").status_code)'
        assert (
            run('sign_in("ada")' + self.ACTIVATE + "c.logout()\n" + look, MFA="1")
            == "/auth/2fa/authenticate/ 302"
        )

    def test_roles_that_publish_can_be_made_to_use_it(self):
        for role in ("agent", "administrator", "analyst"):
            UserFactory(username=role, role=role)
        printed = run(
            """
for name in ("agent", "administrator", "analyst"):
    c.logout(); sign_in(name)
    answer = c.get("/brand-accounts/"); print(name, answer.status_code, answer.get("Location"))
c.logout(); sign_in("agent")
"""
            + self.ACTIVATE
            + 'print(c.get("/brand-accounts/").status_code)',
            MFA="1",
            MFA_REQUIRED="1",
        )
        assert printed.splitlines() == [
            "agent 302 /auth/2fa/totp/activate/",
            "administrator 302 /auth/2fa/totp/activate/",
            "analyst 200 None",
            "200",
        ]

    def test_demanding_what_is_off_fails_at_start(self):
        env = {**os.environ, "MFA": "0", "MFA_REQUIRED": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "django", "check"], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode != 0
        assert "MFA_REQUIRED needs MFA=1" in done.stderr


class Company(BaseHTTPRequestHandler):
    """The company's sign-in: discovery, token and userinfo of OpenID Connect."""

    email = "ada@example.org"

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        base = f"http://127.0.0.1:{self.server.server_address[1]}"
        if self.path.startswith("/.well-known/"):
            names = {
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "userinfo_endpoint": "me",
            }
            self._answer({"issuer": base, **{name: f"{base}/{path}" for name, path in names.items()}})
        else:
            self._answer({"sub": "17", "email": type(self).email, "email_verified": True, "name": "Ada Holm"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"access_token": "token", "token_type": "bearer"})

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def company():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Company)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestCompanySignIn:
    JOURNEY = """
from urllib.parse import parse_qs, urlsplit
from accounts.models import User
from accounts.people.verbs import save_user
def journey():
    c.logout()
    assert "/auth/oidc/company/login/" in c.get("/auth/login/").content.decode()
    away = c.get("/auth/oidc/company/login/")
    assert away.status_code == 302, away.content.decode()
    state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
    c.get("/auth/oidc/company/login/callback/", {"state": state, "code": "c"})
    return c.get("/brand-accounts/").status_code
print("nobody added", journey())
ada = save_user(User(username="ada", email="ada@example.org"), [], {})
ada.set_password("plum tart at noon"); ada.save()
print("added", journey(), journey(), User.objects.get(pk=ada.pk).has_usable_password())
User.objects.update(is_active=False)
print("left", journey(), User.objects.count())
"""

    def test_it_lets_in_whom_an_administrator_added_and_nobody_else(self, company):
        UserFactory(username="bob", email="bob@example.org")
        printed = run(
            self.JOURNEY, OIDC_SERVER_URL=company, OIDC_CLIENT_ID="horseshoe", OIDC_CLIENT_SECRET="s"
        )
        assert printed.splitlines() == ["nobody added 302", "added 200 200 True", "left 302 2"]

    def test_it_is_off_by_default(self, client):
        assert client.get("/auth/oidc/company/login/").status_code == 404
