"""Connecting by OAuth, from the button to the first poll's schedule, against the simulated networks on the wire."""

from __future__ import annotations

import datetime as dt
import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.credentials.store import open_credential
from accounts.models import BrandAccount, ConnectAttempt, Credential
from config.testing.quick import choose_size
from networks import oauth
from networks.base import OwnAccount
from networks.oauth import GrantableAccount
from tests.accounts.conftest import signed_in
from tests.factories import BrandAccountFactory, DepartmentFactory, UserFactory
from tests.markup import squeezed

pytestmark = pytest.mark.django_db


def begin(client: Client, network: str, **query: str) -> str:
    """Press the button; the network's address that the browser is sent to."""
    page = reverse("accounts:connect_start", args=[network])
    answer = client.post(f"{page}?{urlencode(query)}")
    assert answer.status_code == 200, answer.content.decode()
    return html.unescape(re.search(r'content="0; url=([^"]+)"', answer.content.decode())[1])


def consent(address: str, decision: str = "allow", **form: object) -> str:
    """Decide at the network; the address of ours that it sends the browser back to."""
    answer = httpx.post(address, data={"decision": decision, **form}, trust_env=False, follow_redirects=False)
    if "location" in answer.headers:
        return answer.headers["location"]
    return re.search(r'(?:url=|href=")(http[^"]*callback[^"]*)"', answer.text)[1].replace("&amp;", "&")


def come_back(client: Client, address: str):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def granted(client: Client, networks, network: str = "x", at: int = 0, **query: str):
    """Begin, allow the network's account number `at`, come back."""
    account = networks.accounts(network)[at]
    field = {"x": "account", "facebook": "page"}[network]
    return come_back(client, consent(begin(client, network, **query), **{field: account["remote_id"]}))


def confirm(client: Client, answer, **form: object):
    assert answer.status_code == 302, answer.content.decode()
    return client.post(answer["Location"], form)


def test_x_from_the_button_to_the_stream(admin, administrator, networks, department):
    account = networks.accounts("x")[0]
    answer = granted(admin, networks)
    page = admin.get(answer["Location"]).content.decode()
    assert "@kettleandfern" in page
    assert not BrandAccount.objects.exists()

    done = confirm(admin, answer, remote_id=account["remote_id"], owner_department=department.pk)

    connected = BrandAccount.objects.get()
    assert done["Location"] == reverse("accounts:brand_account_answerers", args=[connected.pk])
    next_steps = admin.get(done["Location"]).content.decode()
    assert "Nobody may answer yet: customers would wait." in next_steps
    assert reverse("accounts:roster_week", args=[connected.pk]) in next_steps
    assert "Write and sign the charter" in next_steps
    assert (connected.remote_id, connected.owner_department) == (account["remote_id"], department)
    assert connected.connected_by == administrator
    assert connected.streams.count() == 3
    secrets = open_credential(connected).secrets
    assert secrets["refresh_token"]
    assert "dm.read" in secrets["scope"]
    assert bytes(ConnectAttempt.objects.get().envelope) == b""


def test_looking_at_the_button_begins_nothing(admin, networks):
    page = reverse("accounts:connect_start", args=["x"])
    assert "Nothing is connected before you confirm it." in squeezed(admin.get(page).content.decode())
    assert not ConnectAttempt.objects.exists()
    admin.post(page)
    assert ConnectAttempt.objects.count() == 1


def test_facebook_asks_which_page(admin, networks, department):
    row = networks.accounts("facebook")[0]
    answer = granted(admin, networks, "facebook")
    html = admin.get(answer["Location"]).content.decode()
    assert row["name"].replace("&", "&amp;") in html
    assert row["secrets"]["page_token"] not in html
    confirm(admin, answer, remote_id=row["remote_id"], owner_department=department.pk)
    connected = BrandAccount.objects.get()
    assert (connected.network, connected.remote_id) == ("facebook", row["remote_id"])
    assert open_credential(connected).secrets["page_token"]


def test_a_page_that_was_not_granted_cannot_be_chosen(admin, networks, department):
    answer = granted(admin, networks, "facebook")
    assert confirm(admin, answer, remote_id="1", owner_department=department.pk).status_code == 200
    assert not BrandAccount.objects.exists()


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_declining_connects_nothing(admin, networks, network):
    answer = come_back(admin, consent(begin(admin, network), "deny"))
    assert answer.status_code == 400
    assert "Access was declined" in answer.content.decode()
    assert not ConnectAttempt.objects.exclude(envelope=b"").exists()


def test_no_page_granted_connects_nothing(admin, networks):
    answer = come_back(admin, consent(begin(admin, "facebook")))
    assert answer.status_code == 400
    assert "no account" in answer.content.decode()


@pytest.mark.slow
@pytest.mark.slow
def test_replayed_callbacks_link_nothing(admin, networks, department):
    account = networks.accounts("x")[0]
    back = consent(begin(admin, "x"), account=account["remote_id"])
    first = come_back(admin, back)
    assert first.status_code == 302
    assert {come_back(admin, back).status_code for _ in range(choose_size(20, full=200))} == {400}
    assert ConnectAttempt.objects.exclude(envelope=b"").count() == 1
    form = {"remote_id": account["remote_id"], "owner_department": department.pk}
    assert confirm(admin, first, **form).status_code == 302
    Credential.objects.all().delete()
    assert {confirm(admin, first, **form).status_code for _ in range(20)} == {400}
    assert not Credential.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_callbacks_at_the_same_moment_count_once(admin, networks, monkeypatch):
    """Also at a network that would take a code twice."""
    parts = urlsplit(begin(admin, "x"))
    back = (
        reverse("accounts:connect_callback", args=["x"])
        + f"?code=c&state={parse_qs(parts.query)['state'][0]}"
    )
    asked = []

    def finish(*_: object, **__: object) -> list[GrantableAccount]:
        asked.append(1)
        time.sleep(0.5)
        return [GrantableAccount("x", OwnAccount("7", "kettle"), {"access_token": "t"})]

    monkeypatch.setattr(oauth, "finish_authorisation", finish)

    def arrive(_: int) -> int:
        browser = Client()
        browser.cookies = admin.cookies
        try:
            return come_back(browser, back).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(arrive, range(6)))
    assert statuses == [302, 400, 400, 400, 400, 400]
    assert len(asked) == 1


def test_another_session_cannot_finish_it(admin, administrator, networks):
    back = consent(begin(admin, "x"), account=networks.accounts("x")[0]["remote_id"])
    other = UserFactory(role="administrator")
    for stranger in (signed_in(administrator), signed_in(other)):
        assert come_back(stranger, back).status_code == 400
    assert come_back(admin, back).status_code == 302


def test_another_person_cannot_confirm_it(admin, networks, department):
    answer = granted(admin, networks)
    stranger = signed_in(UserFactory(role="administrator"))
    assert stranger.get(answer["Location"]).status_code == 400


def test_state_of_another_network_is_refused(admin, networks):
    back = consent(begin(admin, "x"), account=networks.accounts("x")[0]["remote_id"])
    assert come_back(admin, back.replace("/connect/x/", "/connect/facebook/")).status_code == 400


@pytest.mark.parametrize("state", ["", "guess", "\ud800", "x" * 5000])
def test_a_state_that_is_not_ours_is_refused(admin, networks, state):
    begin(admin, "x")
    address = reverse("accounts:connect_callback", args=["x"])
    assert admin.get(address, {"state": state.encode("utf-8", "replace"), "code": "c"}).status_code == 400


def test_it_is_over_after_ten_minutes(admin, networks, department):
    back = consent(begin(admin, "x"), account=networks.accounts("x")[0]["remote_id"])
    ConnectAttempt.objects.update(created_at=timezone.now() - dt.timedelta(minutes=10, seconds=1))
    answer = come_back(admin, back)
    assert answer.status_code == 400
    assert "older than ten minutes" in answer.content.decode()


def test_what_was_granted_is_forgotten(admin, networks):
    answer = granted(admin, networks)
    ConnectAttempt.objects.update(created_at=timezone.now() - dt.timedelta(minutes=11))
    assert admin.get(answer["Location"]).status_code == 400
    ConnectAttempt.objects.update(created_at=timezone.now() - dt.timedelta(minutes=30))
    tasks.delete_expired_attempts()
    assert not ConnectAttempt.objects.exists()


def test_a_code_that_the_network_does_not_take_is_told(admin, networks):
    state = parse_qs(urlsplit(begin(admin, "x")).query)["state"][0]
    answer = admin.get(reverse("accounts:connect_callback", args=["x"]), {"state": state, "code": "wrong"})
    assert answer.status_code == 400
    assert "did not accept this sign-in" in answer.content.decode()


def test_connecting_again_takes_only_the_same_account(admin, networks, department):
    first, second = networks.accounts("x")[:2]
    account = BrandAccountFactory(
        remote_id=first["remote_id"],
        handle="kettleandfern",
        health="reauthorise",
        owner_department=department,
    )
    wrong = granted(admin, networks, at=1, again=str(account.pk))
    assert wrong.status_code == 400
    assert "@kettleandfern on X is to be connected again" in wrong.content.decode()
    assert not Credential.objects.exists()

    right = granted(admin, networks, at=0, again=str(account.pk))
    confirm(admin, right, remote_id=first["remote_id"], owner_department=department.pk)
    account.refresh_from_db()
    assert account.health == "ok"
    assert open_credential(account).remote_id == first["remote_id"]
    assert second["remote_id"] not in BrandAccount.objects.values_list("remote_id", flat=True)


@pytest.mark.parametrize("again", ["x", "99999999999999999999", "-1", "1; drop"])
def test_connecting_again_what_does_not_exist_is_404(admin, networks, again):
    assert admin.get(reverse("accounts:connect_start", args=["x"]), {"again": again}).status_code == 404


def test_without_an_application_it_says_what_to_set(admin, settings):
    settings.X_CLIENT_ID = ""
    answer = admin.get(reverse("accounts:connect_start", args=["x"]))
    assert answer.status_code == 503
    assert "X_CLIENT_ID" in answer.content.decode()


def test_no_token_reaches_html_or_session(admin, networks, department):
    answer = granted(admin, networks)
    html = admin.get(answer["Location"]).content.decode()
    confirm(admin, answer, remote_id=networks.accounts("x")[0]["remote_id"], owner_department=department.pk)
    secrets = open_credential(BrandAccount.objects.get()).secrets
    seen = html + admin.get(reverse("accounts:brand_accounts")).content.decode() + str(dict(admin.session))
    for name in ("access_token", "refresh_token", "client_secret"):
        assert secrets[name] not in seen, name


def test_an_account_that_is_here_already_keeps_its_owner(admin, networks, department):
    """Connecting it by the button for a new one, and asking for another owner, changes neither owner nor charter."""
    marketing = DepartmentFactory(name="Marketing", slug="marketing")
    rows = networks.accounts("x")
    account = BrandAccountFactory(remote_id=rows[0]["remote_id"], owner_department=marketing, purpose="Tea")
    answer = granted(admin, networks)
    page = admin.get(answer["Location"]).content.decode()
    assert "here already, its owner stays Marketing" in page
    assert "owner_department" not in page
    confirm(admin, answer, remote_id=rows[0]["remote_id"], owner_department=department.pk)
    account.refresh_from_db()
    assert (account.owner_department, account.purpose) == (marketing, "Tea")
    new = granted(admin, networks, at=1)
    assert (
        "Choose the department that is responsible"
        in confirm(admin, new, remote_id=rows[1]["remote_id"]).content.decode()
    )


def handed_out(monkeypatch, admin, *pages):
    """Come back from Facebook, which hands out these Pages: (id, name, what the person may not answer as it)."""
    entries = [
        GrantableAccount("facebook", OwnAccount(page_id, name, name), {"page_token": "p"}, refused)
        for page_id, name, refused in pages
    ]
    monkeypatch.setattr(oauth, "finish_authorisation", lambda *args, **options: entries)
    return come_back(admin, consent(begin(admin, "facebook")))


SEEN_ONLY = ("comments", "direct messages")


def test_a_page_that_is_missing_has_a_likely_cause(admin, networks, monkeypatch):
    """Facebook keeps back the Pages of a business without a word."""
    refusal = handed_out(monkeypatch, admin).content.decode()
    assert "granted access to no account" in refusal
    assert "business_management" in refusal
    chooser = admin.get(handed_out(monkeypatch, admin, ("5", "Crumb", ()))["Location"]).content.decode()
    assert "Is an account missing here?" in chooser
    assert "business_management" in chooser


def test_a_page_that_one_may_only_look_at_is_not_offered(admin, networks, department, monkeypatch):
    refusal = handed_out(monkeypatch, admin, ("6", "Crumb Outlet", SEEN_ONLY))
    assert refusal.status_code == 400
    assert "You may only look at Crumb Outlet" in refusal.content.decode()
    answer = handed_out(monkeypatch, admin, ("5", "Crumb", ()), ("6", "Crumb Outlet", SEEN_ONLY))
    chooser = admin.get(answer["Location"]).content.decode()
    assert "You may only look at Crumb Outlet" in chooser
    assert 'value="5"' in chooser
    assert 'value="6"' not in chooser
    assert confirm(admin, answer, remote_id="6", owner_department=department.pk).status_code == 200
    assert not BrandAccount.objects.exists()


def test_what_cannot_be_answered_as_a_page_is_said_before_it_is_connected(admin, networks, monkeypatch):
    answer = handed_out(monkeypatch, admin, ("5", "Crumb", ("comments",)))
    assert "Crumb: Facebook will refuse answers to comments" in admin.get(answer["Location"]).content.decode()
