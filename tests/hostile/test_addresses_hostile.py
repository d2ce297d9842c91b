"""Addresses with one bad value, and pages of people who have no department: absent or empty, never an error."""

from __future__ import annotations

import functools
import re
from html import unescape
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from django.test import Client

from accounts.models import Role
from config.testing.quick import choose_size
from tests.factories import NOW, BrandAccountFactory, CaseFactory, MessageFactory, UserFactory
from tests.hostile.company import Company, addresses, found

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
_LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*\?[^"#]*)"')
_ANY_LINK = re.compile(r'<a [^>]*href="(/[^"#]*)"')
#: Where something of a department is made or shown: absent for people who have none.
_OF_A_DEPARTMENT = (
    "/queue/department/",
    "/rules/new/",
    "/rules/words/new/",
    "/rules/words/new/",
    "/rules/default/",
    "/rules/draft/publish/",
    "/rules/0",
    "/service-levels/new/",
    "/service-levels/calendars/new/",
    "/playbook/draft/",
)
BAD = {
    "nul": "a\x00b",
    "quotes": "' OR 1=1; --\\\"%s%(x)s",
    "digits": "9" * 30,
    "negative": "-1",
    "zero": "0",
    "other digits": "\u0663\u00b2\u2460",
    "controls": "\u202e\ufeff\x1b\x85\u2028",
    "nothing": "",
    "long": "x" * 5000,
    "time": "2026-13-45T99:99",
}
#: Who may be without a department: a manager and who only reads, everybody in a full run.
_LOST = choose_size(
    [Role.MANAGER, Role.ANALYST], full=[role for role in Role.values if role != Role.ADMINISTRATOR]
)
#: Only live events come from it, without end.
_ENDLESS = {"inbox:live"}


@pytest.fixture(autouse=True)
def _quick(settings, network):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.X_CLIENT_ID = settings.X_CLIENT_SECRET = "app"
    settings.NETWORK_API_URLS = {"x": network.url, "facebook": network.url}


@pytest.fixture
def company(_quick, monkeypatch) -> Company:
    company = found()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    # A week with a number of each kind in the reports, so that they link to what is behind it.
    facebook = BrandAccountFactory(network="facebook")
    for brand in (company.case.brand_account, facebook):
        MessageFactory(case=CaseFactory(brand_account=brand, department=company.service, needs_answer=True))
    return company


def pages() -> dict[str, str]:
    return {name: address for name, address in addresses().items() if name not in _ENDLESS}


def links_of(browser: Client) -> dict[tuple[str, tuple[str, ...]], dict[str, str]]:
    """One link of every form (path and names of its parameters, and its `of`) that the pages show."""
    links = {}
    for address in pages().values():
        answer = browser.get(address)
        if answer.status_code != 200 or answer.streaming:
            continue
        for link in _LINK.findall(answer.content.decode()):
            parts = urlsplit(unescape(link))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            links[(parts.path, (*sorted(query), query.get("of", "")))] = query
    return links


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_a_bad_value_in_a_link_is_absent_or_ignored(company, role):
    browser = company.browser(role)
    browser.raise_request_exception = False
    links, wrong = links_of(browser), []
    for turn, ((path, _), query) in enumerate(links.items()):
        # In the usual run the two of them share the links.
        if (turn + (role == Role.MANAGER)) % choose_size(2, full=1):
            continue
        for name in query:
            # Every value in a full run, else NUL and every third of the others, other ones in each link.
            for number, (kind, value) in enumerate(BAD.items(), start=turn):
                if kind != "nul" and number % choose_size(3, full=1):
                    continue
                status = browser.get(f"{path}?{urlencode(query | {name: value})}").status_code
                if status not in (200, 302, 404) or (kind == "nul" and status != 404):
                    wrong.append((path, query, name, kind, status))
    assert wrong == []
    reports = {names[-1] for path, names in links if path == "/reports/cases/"}
    assert {"created", "response", "waiting", "answered"} <= reports


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_a_bad_value_in_the_address_itself_is_absent(company, role):
    browser = company.browser(role)
    browser.raise_request_exception = False
    wrong = []
    values = ("a\x00b", "9" * 30, "-1", "%", "\u202e", "x" * 3000)
    for turn, (name, address) in enumerate(pages().items()):
        for value in values[turn % choose_size(2, full=1) :: choose_size(2, full=1)]:
            for part in {"/770077/", "/service/", "/mentions/"}:
                if part in address:
                    path = address.replace(part, f"/{quote(value)}/")
                    status = browser.get(path).status_code
                    # Some take posts only, some ask for a fresh sign-in first, and an attempt to connect has expired.
                    if status not in (302, 404, 405) and name != "accounts:connect_confirm":
                        wrong.append((name, path[:60], status))
    assert wrong == []


@pytest.mark.parametrize("role", _LOST)
def test_without_a_department_pages_are_empty_and_none_fails(company, role):
    placed = UserFactory(role=role, departments=[company.service], publishes=[company.case.brand_account])
    lost = UserFactory(role=role)
    company.people |= {"placed": placed, "lost": lost}
    there, here = company.browser("placed"), company.browser("lost")
    there.raise_request_exception = here.raise_request_exception = False
    wrong = []
    for name, address in pages().items():
        if name.startswith("account") or ":" not in name:
            continue
        status, expected = here.get(address).status_code, there.get(address).status_code
        # What needs no object of a department opens as for everybody of the role.
        is_of_one = address.startswith(_OF_A_DEPARTMENT) or "77" in address
        allowed = {expected, 404} if is_of_one else {expected}
        if status >= 500 or status not in allowed:
            wrong.append((name, address, status, expected))
    for (path, names), query in links_of(company.browser(Role.MANAGER)).items():
        status = here.get(f"{path}?{urlencode(query)}").status_code
        if status not in (200, 302, 404):
            wrong.append((path, names, status))
    assert wrong == []
    assert "Without a first response" in here.get("/reports/").content.decode()


@pytest.mark.parametrize("role", _LOST)
def test_without_a_department_no_page_leads_to_one_that_is_not_there(company, role):
    company.people["lost"] = UserFactory(role=role)
    here = company.browser("lost")
    status_of = functools.cache(lambda link: here.get(link).status_code)
    dead = set()
    for address in pages().values():
        answer = here.get(address)
        if answer.status_code != 200 or answer.streaming or address.startswith("/auth/"):
            continue
        for link in set(_ANY_LINK.findall(answer.content.decode())):
            status = status_of(unescape(link))
            if status not in (200, 302):
                dead.add((address, link, status))
    assert dead == set()
