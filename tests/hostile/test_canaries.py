"""Nobody reads what they may not, wherever they go: every page as every person, and every address with every method.

The whole suite looks at a sample; a full run (`manage.py test --full`) at everything.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from itertools import cycle
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.urls import reverse

from config.testing.quick import choose_size
from tests.hostile.canaries import NOBODY, PEOPLE, Company, make_company, may_read
from tests.hostile.company import KEY, addresses
from tests.hostile.test_forms_hostile import state

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
EVERYBODY = [*PEOPLE, NOBODY]
_SAMPLE = ["administrator", "manager of billing", "agent of none", NOBODY]
#: For the tests that try every address.
TRIED = EVERYBODY if choose_size(0, full=1) else _SAMPLE
#: Pages that one person's crawl visits at most.
PAGES = choose_size(20, full=2000)
METHODS = ["GET", *(["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"] if choose_size(0, full=1) else [])]
_LINK = re.compile(r"""(?:href|hx-get|action)=["']([^"'#]*)""")
#: Streams without end, and what ends the session.
_LEFT_OUT = re.compile(r"^/(live|auth/logout|static)/")
#: What anybody changes for themselves.
OWN = {
    "inbox:here",
    "inbox:set_presence",
    "inbox:set_time_zone",
    "inbox:plan_leave",
    "inbox:give_back",
    "inbox:take_next",
    "inbox:notices_read",
}
OWN |= {"inbox:preview_start", "inbox:set_time_zone", "inbox:set_opening"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def company(settings, network) -> Company:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.NETWORK_API_URLS = {"x": network.url, "facebook": network.url}
    settings.X_CLIENT_ID = settings.X_CLIENT_SECRET = "app"
    settings.FACEBOOK_APP_ID = settings.FACEBOOK_APP_SECRET = "7"
    return make_company()


def crawl(company: Company, person: str, starts: list[str], most: int):
    """Visit the pages that links lead to from `starts`, each once; yields address and response.

    Of pages that differ only in their query, at most eight are visited.
    """
    browser, seen, visited = company.browser(person), set(starts), 0
    queue, by_path = deque(starts), {}
    while queue and visited < most:
        address = queue.popleft()
        response = browser.get(address)
        visited += 1
        yield address, response
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        links = [response.headers["Location"]] if "Location" in response.headers else []
        links += _LINK.findall(response.content.decode("utf-8", "replace"))
        for link in links:
            parts = urlsplit(urljoin(f"http://testserver{address}", unescape(link)))
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            by_path[parts.path] = by_path.get(parts.path, 0) + (target not in seen)
            if parts.netloc != "testserver" or _LEFT_OUT.match(parts.path) or by_path[parts.path] > 8:
                continue
            if target not in seen:
                seen.add(target)
                queue.append(target)


def wrong(company: Company, person: str, what: str, response) -> list[str]:
    """What is wrong with an answer: an error of ours, or words that this person may not read."""
    found = [f"{what}: {response.status_code}"] if response.status_code >= 500 else []
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = repr(response.headers).encode()
    return found + [f"{what}: shows {place}" for place in company.leaks(person, body + headers)]


@pytest.mark.parametrize("person", EVERYBODY)
def test_no_page_shows_what_a_person_may_not_read(company, person):
    starts = ["/", reverse("inbox:search"), reverse("reports:dashboard")]
    failures = []
    for address, response in crawl(company, person, starts, PAGES):
        failures += wrong(company, person, address, response)
    assert failures == []


@pytest.mark.parametrize("person", EVERYBODY)
def test_search_finds_what_a_person_may_read_and_nothing_else(company, person):
    browser, failures = company.browser(person), []
    for place in company.places.values():
        query = urlencode({"q": place.canary})
        response = browser.get(f"{reverse('inbox:search')}?{query}")
        case = company.cases.get((place.department, place.brand, place.visibility))
        found = case is not None and reverse("inbox:case", args=[case.pk]) in response.content.decode()
        if found and not may_read(person, place):
            failures.append(f"finds {place}")
        if not found and place.kind == "message" and may_read(person, place):
            failures.append(f"does not find {place}")
    assert failures == []


def pages_of(company: Company, key: tuple[str, str, str]) -> dict[str, str]:
    """The address of every route, with the ids of one case, its message and its answer.

    A route has one id, and its name does not tell of what: so each is tried with all three.
    """
    found, listed = {}, set()
    ids = {
        "case": company.cases[key].pk,
        "message": company.messages[key].pk,
        "reply": company.replies[key].pk,
    }
    for what, pk in ids.items():
        stand_in = {"pk": str(pk), "number": "1", "slug": key[0], "key": str(KEY)}
        for name, address in addresses(stand_in).items():
            # A route without an id has the same address each time.
            if address not in listed and not _LEFT_OUT.match(address) and not name.startswith("account_"):
                listed.add(address)
                found[f"{name} ({what})"] = address
    return found


def take_headers_in_turn() -> Iterator[list[dict[str, str]]]:
    """Yield the headers to try: as a page and as a fragment in turn; in a full run both."""
    both = [{}, {"hx-request": "true"}]
    return cycle([both]) if choose_size(0, full=1) else cycle([both[:1], both[1:]])


@pytest.mark.parametrize("person", TRIED)
def test_no_address_gives_what_a_person_may_not_read(company, person):
    """Every route with ids of a case beyond this person, with every method; htmx's fragments, too."""
    browser, failures, headers_in_turn = company.browser(person), [], take_headers_in_turn()
    keys = [key for key in company.cases if not may_read(person, company.places[canary(key)])]
    for key in keys[-choose_size(1, full=8) :]:
        for name, address in pages_of(company, key).items():
            for method in METHODS:
                for headers in next(headers_in_turn):
                    response = browser.generic(method, address, headers=headers)
                    failures += wrong(company, person, f"{method} {name}", response)
    assert failures == []


def canary(key: tuple[str, str, str]) -> bytes:
    return f"zqxmessage{''.join(key)}zq".encode()


@pytest.mark.parametrize("person", TRIED)
def test_nobody_changes_a_case_that_they_may_not_read(company, person):
    """Every address of such a case is posted to, as from its form; nothing in the database changes."""
    browser, before, failures = company.browser(person), state(), []
    keys = [key for key in company.cases if not may_read(person, company.places[canary(key)])]
    headers_in_turn = take_headers_in_turn()
    everything = urlencode(
        {"text": "x", "note": "x", "to": "me", "reason": "x", "department": "service", "decision": "sent"}
        | {"composer_id": KEY, "tags": "vip", "on": "1", "version": "1", "question": "x", "answer": "x"}
    )
    # The id of a message may be that of a case which this person may change.
    beyond_doubt = {
        str(thing[key].pk)
        for thing in (company.cases, company.messages, company.replies)
        for key in company.cases.keys() - set(keys)
    }
    for key in keys[-choose_size(1, full=8) :]:
        for name, address in pages_of(company, key).items():
            if (
                not name.startswith("inbox:")
                or name.split()[0] in OWN
                or beyond_doubt & set(address.split("/"))
            ):
                continue
            for headers in next(headers_in_turn):
                response = browser.post(address, everything, content_type=FORM, headers=headers)
                failures += wrong(company, person, f"POST {name}", response)
    assert failures == []
    assert state() == before


@pytest.mark.parametrize("person", TRIED)
def test_without_its_token_no_post_is_taken(company, person):
    browser, before = company.browser(person, enforce_csrf_checks=True), state()
    for name, address in addresses().items():
        if _LEFT_OUT.match(address) or name.startswith("account_"):
            continue
        response = browser.post(address, {"text": "x", "note": "x", "to": "me"})
        assert response.status_code == 403, name
    assert state() == before
