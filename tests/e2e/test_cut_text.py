"""No page cuts text or lays it over other text, at any width, with much and with no data."""

from __future__ import annotations

import datetime as dt
import re
from collections import deque
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Leave, Role, Shift, Skill, User
from config.testing.quick import choose_size
from inbox.cases import verbs
from inbox.models import Notice
from routing.playbook.versions import install_starter_playbook
from routing.rules.versions import install_starter_rules
from routing.service_levels.editing import install_starter_service_levels
from routing.service_levels.starter import starter_calendars, starter_policies
from tests.e2e.conftest import session_of
from tests.e2e.cut_text import find_cut_text
from tests.e2e.test_inbox import arrive
from tests.factories import DepartmentFactory, StreamFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WIDTHS = (1440, 1280, 390)
#: Of the pages that links lead to, every so many is opened in the usual run.
EVERY = choose_size(7, full=1)
#: Always opened: what is narrow, full, or has no link.
ALWAYS = ("/", "/team/", "/reports/", "/rules/new/", "/search/", "/people/")
#: One of each kind is enough: of all rules, all questions, all departments.
_NAMES = re.compile(
    r"(?<=/)(\d[\dW-]*|[0-9a-f-]{36}|(?<=words/)[\w-]+|(?<=questions/)[\w-]+|(?<=outcomes/)[\w-]+|(?<=department/)[\w-]+)(?=/)"
)
_NOT_PAGES = re.compile(r"logout|export|/connect/|\.csv|/static/")


def find_pages(user) -> list[str]:
    """List a page of each kind that links lead to, without opening a browser."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
    waiting, kinds = deque(ALWAYS), {}
    while waiting:
        path = waiting.popleft()
        parts = urlsplit(path)
        kind = _NAMES.sub("N", parts.path) + "?" + ",".join(sorted(re.findall(r"(\w+)=", parts.query)))
        if kind in kinds or _NOT_PAGES.search(path):
            continue
        kinds[kind] = path
        answer = client.get(path)
        if "html" in answer.headers.get("Content-Type", ""):
            waiting.extend(
                link.replace("&amp;", "&")
                for link in re.findall(r'<a [^>]*href="(/[^"#]*)"', answer.content.decode())
            )
    return list(kinds.values())


def choose_pages(paths: list[str]) -> list[str]:
    return [path for place, path in enumerate(paths) if path in ALWAYS or place % EVERY == 0]


def check_pages(page, paths: list[str]) -> list[str]:
    found = []
    for path in paths:
        page.goto(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{path} at {width}: {one}" for one in find_cut_text(page)]
    return found


@pytest.fixture
def full(company):
    """A company whose names are long, with something on every page."""
    now, today = timezone.now(), timezone.localdate()
    company.billing.name = "Press, public affairs and investor relations"
    company.billing.save()
    boss = UserFactory(
        username="theodora-elisabeth.vandenbroucke", first_name="Theodora-Elisabeth", last_name="van den Broucke-Lindqvist",
        role=Role.ADMINISTRATOR, email="theodora-elisabeth.vandenbroucke@kettle-and-fern.example",
    )  # fmt: skip
    departments = {"service": company.service, "billing": company.billing}
    for slug in ("sales", "marketing", "pr", "product", "tech", "legal", "hr", "spam"):
        departments[slug] = DepartmentFactory(name=f"Department of all matters of {slug}", slug=slug)
    company.agent.skills.add(
        Skill.objects.create(slug="refunds", name="Refunds of more than a hundred euros")
    )
    Leave.objects.create(user=company.agent, starts_on=today, ends_on=today + dt.timedelta(days=9))
    Shift.objects.create(
        brand_account=company.brand, primary=company.manager, backup=company.agent,
        weekday=0, starts_at=dt.time(8), ends_at=dt.time(14),
    )  # fmt: skip
    StreamFactory(brand_account=company.brand, budget={"remaining": 999_999, "limit": 1_000_000})
    install_starter_rules(departments, "service", now, boss)
    install_starter_playbook(boss, now)
    install_starter_service_levels(starter_calendars("UTC"), starter_policies(), departments, boss, now)
    for n in range(4):
        case, _ = arrive(company, "Where is my parcel? " * 12, priority=n)
        verbs.hand_over_case(case.pk, company.agent, company.billing, "Money " * 20, False, now=now)
    Notice.objects.create(user=boss, case=case, kind="returned", text="It came back. " * 20, key="1", at=now)
    return boss


def test_no_page_of_a_full_company_cuts_text(company, open_page, full):
    for name in (full.username, *choose_size(["sana"], full=["sana", "mara"])):
        paths = find_pages(User.objects.get(username=name))
        assert len(paths) > (60 if name == full.username else 10)
        assert check_pages(open_page(name), choose_pages(paths)) == []


def test_no_page_of_an_empty_company_cuts_text(company, open_page):
    admin = UserFactory(username="odile", role=Role.ADMINISTRATOR)
    assert check_pages(open_page("odile"), choose_pages(find_pages(admin))) == []


def test_what_is_cut_is_found(browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content("""<body style="font: 16px sans-serif"><h1 style="width: 4em; white-space: nowrap; overflow: hidden">A heading too long</h1>
      <button style="position: relative; left: 370px">Outside</button><select style="width: 5em"><option>A long choice</select>
      <input placeholder="What may be typed" style="width: 4em"><p>Over</p><p style="margin-top: -2em">each other</p>
      <table><td style="padding: 0">one<td style="padding: 0">two</table><p style="overflow: auto; width: 4em; white-space: pre">It may scroll</p>""")
    kinds = [one.split(":")[0] for one in find_cut_text(page)]
    page.close()
    assert sorted(re.sub(r"\d+", "N", kind) for kind in kinds) == [
        "chosen option needs N px more", "cut at the side", "outside the window", "over each other",
        "placeholder needs N px more", "touch",
    ]  # fmt: skip
