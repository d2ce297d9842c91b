"""The door: signing in with and without a second factor and the company's own sign-in.

What hangs on the environment is tried in a process that starts with it, on the tests' database.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from django.db import connection

from config.embedded.ports import free_port
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

    def test_the_code_lets_in_and_a_recovery_code_does_once(self):
        UserFactory(username="ada")
        printed = run(
            'sign_in("ada")'
            + self.ACTIVATE
            + """
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from accounts.models import User
spare = RecoveryCodes.activate(User.objects.get()).get_unused_codes()[0]
def attempt(code):
    c.logout(); sign_in("ada")
    answer = c.post("/auth/2fa/authenticate/", {"code": code})
    return answer.status_code, c.get("/brand-accounts/").status_code
print("wrong", *attempt("000000"))
print("recovery", *attempt(spare), *attempt(spare))
# The code that set it up was used a moment ago, and the wrong ones count.
from django.core.cache import cache
cache.clear()
print("right", *attempt(code()))
for _ in range(6): last = attempt("000000")
print("too many", *attempt(code()))
""",
            MFA="1",
        )
        assert printed.splitlines() == [
            "wrong 200 302",
            "recovery 302 200 200 302",
            "right 302 200",
            "too many 200 302",
        ]

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


@pytest.fixture
def company():
    """The company's sign-in: an OpenID Connect provider in a process of its own."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    try:
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{address}/.well-known/openid-configuration")
                break
            time.sleep(0.2)
        yield address
    finally:
        process.kill()
        process.wait(20)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestCompanySignIn:
    JOURNEY = """
import httpx, os
from urllib.parse import urlsplit
from accounts.models import User
from accounts.people.verbs import save_user
provider = os.environ["OIDC_SERVER_URL"]
def journey(sub="17", answer=None):
    "Where somebody ends whom the provider knows as `sub`: the status of a page, and what the last page says."
    c.logout()
    assert "/auth/oidc/company/login/" in c.get("/auth/login/").content.decode()
    away = c.get("/auth/oidc/company/login/")
    assert away.status_code == 302, away.content.decode()
    assert away["Location"].startswith(provider)
    back = httpx.post(away["Location"], data=answer or {"sub": sub}, follow_redirects=False)
    assert back.status_code == 302, back.text
    parts = urlsplit(back.headers["location"])
    last = c.get(f"{parts.path}?{parts.query}", follow=True)
    return c.get("/brand-accounts/").status_code, last.content.decode()
def known(sub, **claims):
    assert httpx.put(f"{provider}/users/{sub}", json=claims).is_success
known("17", email="Ada.Holm@example.org", email_verified=True, name="Ada Holm")
known("18", email="bob@example.org", email_verified=False, name="Not Bob")
known("19", name="No Address")
"""

    def run(self, company: str, code: str) -> list[str]:
        printed = run(
            self.JOURNEY + code,
            OIDC_SERVER_URL=company,
            OIDC_CLIENT_ID="horseshoe",
            OIDC_CLIENT_SECRET="s",
            OIDC_NAME="Kettle & Co",
        )
        return printed.splitlines()

    def test_it_lets_in_whom_an_administrator_added_and_nobody_else(self, company):
        UserFactory(username="bob", email="bob@example.org")
        code = """
assert "Sign in with Kettle &amp; Co" in c.get("/auth/login/").content.decode()
status, page = journey(); print("nobody added", status, "Ask an administrator to add you" in page)
ada = save_user(User(username="ada", email="ada.holm@example.org"), [], {})
ada.set_password("plum tart at noon"); ada.save()
print("added", journey()[0], journey()[0], User.objects.get(pk=ada.pk).has_usable_password())
status, page = journey("18"); print("address not verified", status)
status, page = journey("19"); print("no address", status)
User.objects.update(is_active=False)
status, page = journey(); print("left", status, "deactivated" in page, User.objects.count())
"""
        assert self.run(company, code) == [
            "nobody added 302 True",
            "added 200 200 True",
            "address not verified 302",
            "no address 302",
            "left 302 True 2",
        ]

    def test_whoever_cancels_or_comes_back_oddly_is_led_on(self, company):
        code = """
status, page = journey(answer={"action": "deny"}); print("denied", status, "/auth/login/" in page, "Back to sign-in" in page)
last = c.get("/auth/oidc/company/login/callback/", {"state": "made-up", "code": "x"}, follow=True)
print("made up", last.status_code < 500, "Back to sign-in" in last.content.decode())
"""
        assert self.run(company, code) == ["denied 302 True True", "made up True True"]

    def test_a_second_factor_of_ours_is_asked_for_too(self, company):
        """The company may demand its own; whoever has set up one here is asked for it whichever way they come."""
        save = "ada = User.objects.get(username='ada'); save_user(ada, [], {})\n"
        code = (
            save
            + 'sign_in("ada")'
            + TestSecondFactor.ACTIVATE
            + 'print(journey()[0], journey()[1].count("Enter your code") > 0)'
        )
        UserFactory(username="ada", email="ada.holm@example.org")
        printed = run(
            self.JOURNEY + code,
            OIDC_SERVER_URL=company,
            OIDC_CLIENT_ID="horseshoe",
            OIDC_CLIENT_SECRET="s",
            MFA="1",
        )
        assert printed == "302 True"

    def test_it_is_off_by_default(self, client):
        assert client.get("/auth/oidc/company/login/").status_code == 404
