"""The company's own sign-in and a second factor, on the real server, with a real OpenID Connect provider."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Iterator

import httpx
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.urls import reverse
from oidc_provider_mock import User as Subject
from oidc_provider_mock import run_server_in_thread

from accounts.models import AuditEntry, Role, User
from accounts.people import verbs
from tests.config.web_server import WebServer, serve
from tests.factories import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

#: Addresses that the process of the tests does not have: there MFA is off.
SET_UP, ASK, CODES = "/auth/2fa/totp/activate/", "/auth/2fa/authenticate/", "/auth/2fa/recovery-codes/"
INES, STRANGER = "ines.romero@company.example", "somebody@elsewhere.example"


@pytest.fixture
def provider() -> Iterator[str]:
    subjects = [
        Subject(sub="ines", claims={"email": INES, "email_verified": True, "name": "Ines Romero"}),
        Subject(sub="stranger", claims={"email": STRANGER, "email_verified": True}),
    ]
    with run_server_in_thread(user_claims=subjects) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def server(provider, tmp_path) -> Iterator[WebServer]:
    settings = {
        "OIDC_SERVER_URL": provider,
        "OIDC_CLIENT_ID": "horseshoe",
        "OIDC_CLIENT_SECRET": "any",
        "OIDC_NAME": "Kettle & Fern",
        "MFA": "1",
        "MFA_REQUIRED": "1",
    }
    with serve(tmp_path, **settings) as running:
        yield running


@pytest.fixture
def ines() -> User:
    return verbs.save_user(User(username="ines", email=INES, role=Role.ADMINISTRATOR), [], {})


class Browser(httpx.Client):
    """A browser that fills in the forms of the product, as the next page has them."""

    def __init__(self, server: WebServer) -> None:
        super().__init__(
            base_url=f"http://127.0.0.1:{server.port}", follow_redirects=True, trust_env=False, timeout=20
        )

    def send_form(self, path: str, **fields: str) -> httpx.Response:
        page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
        return self.post(path, data={"csrfmiddlewaretoken": token, **fields})

    def sign_in_at_the_company(self, subject: str) -> httpx.Response:
        link = re.search(r'href="(/auth/oidc/company/login/[^"]*)"', self.get(reverse("account_login")).text)[
            1
        ]
        choice = self.get(link.replace("&amp;", "&"))
        assert choice.url.host == "localhost"
        return self.post(str(choice.url), data={"sub": subject} if subject else {"action": "deny"})


def totp(secret: str) -> str:
    """The six digits of this half minute (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    (number,) = struct.unpack(">I", digest[digest[-1] & 15 :][:4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def set_up_second_factor(browser: Browser) -> str:
    """Set it up as the page asks, and return a recovery code."""
    page = browser.get(SET_UP).text
    for code in ("12345x", None, None):  # once more if the half minute ended in between
        secret, token = (
            re.search(pattern, page)[1]
            for pattern in (r'readonly value="([A-Z2-7]+)"', r'csrfmiddlewaretoken" value="(\w+)"')
        )
        done = browser.post(SET_UP, data={"csrfmiddlewaretoken": token, "code": code or totp(secret)})
        if "aria-invalid" not in done.text:
            break
        page = done.text
    assert code is None and done.status_code == 200, done.text
    codes = browser.get(CODES).text
    return re.search(r"<textarea[^>]*>\s*([0-9a-z]{8,})", codes)[1]


def test_who_signs_in_at_the_company_sets_up_a_second_factor_and_needs_it_from_then_on(server, ines):
    browser = Browser(server)
    arrived = browser.sign_in_at_the_company("ines")
    assert arrived.url.path == SET_UP, arrived.text
    assert "Your role needs a second factor" in arrived.text
    assert browser.get("/").url.path == SET_UP
    recovery_code = set_up_second_factor(browser)
    assert browser.get("/").url.path == "/"

    other = Browser(server)
    asked = other.sign_in_at_the_company("ines")
    assert asked.url.path == ASK
    assert other.get("/").url.path == ASK
    assert other.send_form(ASK, code="000000").url.path == ASK
    inside = other.send_form(ASK, code=recovery_code)
    assert inside.url.path == "/", inside.text
    # The password alone is not enough from now on either, and a code is good once.
    User.objects.filter(pk=ines.pk).update(password=make_password(PASSWORD, hasher=PBKDF2PasswordHasher()))
    third = Browser(server)
    third.send_form(reverse("account_login"), login="ines", password=PASSWORD)
    assert third.get("/").url.path == ASK
    assert third.send_form(ASK, code=recovery_code).url.path == reverse("mfa_authenticate")
    assert AuditEntry.objects.filter(verb="sign-in.factor-added").exists()


def test_a_stranger_with_an_account_at_the_company_gets_none_here_and_reads_why(server, ines):
    browser = Browser(server)
    refused = browser.sign_in_at_the_company("stranger")
    assert browser.get("/").url.path == reverse("account_login")
    assert refused.status_code == 200
    assert User.objects.count() == 1
    assert "administrator" in refused.text


def test_who_says_no_at_the_company_is_led_back(server, ines):
    refused = Browser(server).sign_in_at_the_company("")
    assert reverse("account_login") in refused.text
    assert refused.status_code in (200, 401, 403)


def test_a_person_who_left_does_not_get_in_by_the_company(server, ines):
    User.objects.filter(pk=ines.pk).update(is_active=False)
    browser = Browser(server)
    refused = browser.sign_in_at_the_company("ines")
    assert refused.status_code < 500
    assert browser.get("/").url.path == reverse("account_login")
