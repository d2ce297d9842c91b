"""What everybody meets on a phone: nothing runs over its edge, all that is tapped is 44 px high, badges keep their shape."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.audit.recording import record_change
from accounts.models import AuditVerb, Leave, Role, Skill
from inbox.cases import verbs
from inbox.models import Customer, Notice, RetentionRun, RetentionSetting
from routing.models import Calendar
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from tests.e2e.moments import still
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_inbox import arrive
from tests.factories import CaseFactory, DepartmentFactory, MessageFactory, StreamFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
LONG = [
    ("first", "second", "third"),
    ("old", "older", "oldest"),
    ("long", "longer", "longest"),
    ("late", "later", "last"),
]
PAGES = (
    "/people/", "/departments/", "/rules/skills/", "/roster/", "/roster/{brand}/", "/brand-accounts/", "/reports/",
    "/departments/{billing}/assignment/", "/presence/", "/audit/",
    "/retention/", "/retention/preview/?days=30", "/retention/customers/?q=e", "/retention/customers/{customer}/",
)  # fmt: skip
#: Links within a sentence or a list of words are as high as their line; what a row's cover makes larger counts as its row.
SMALL = """() => [...document.querySelectorAll("a, button, summary, select, textarea, input:not([type=hidden])")]
  .filter((one) => one.checkVisibility() && !one.matches(".skip, p a, .who, #rail *"))
  .map((one) => [one, (one.labels?.[0] ?? one).getBoundingClientRect(), one.getBoundingClientRect()])
  .filter(([one, label, box]) => box.width > 1 && !one.closest("svg") && Math.max(label.height, box.height) < 43.5)
  .map(([one]) => one.outerHTML.slice(0, 160))"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def busy(company):
    """A company with something on every page: a leave, skills, streams, a hand-over."""
    admin = UserFactory(
        username="odile", role=Role.ADMINISTRATOR, email="a-rather-long.address@kettle.example"
    )
    company.agent.skills.add(
        Skill.objects.create(slug="refunds", name="Refunds of more than a hundred euros")
    )
    today = timezone.localdate()
    Leave.objects.create(user=company.agent, starts_on=today, ends_on=today + dt.timedelta(days=9))
    StreamFactory(brand_account=company.brand, budget={"remaining": 999_999, "limit": 1_000_000})
    value = "A purpose that is described at some length"
    change = {"name": "Purpose", "from": value, "to": value.replace(" ", "-")}
    record_change(AuditVerb.CHARTER_CHANGED, company.brand, [change], by=admin)
    case, _ = arrive(company)
    verbs.hand_over_case(case.pk, company.agent, company.billing, "Money", False, now=timezone.now())
    closed = timezone.now() - dt.timedelta(days=40)
    CaseFactory(department=company.billing, created_at=closed, status="resolved", closed_at=closed)
    RetentionSetting.objects.create(days=3_650, set_by=admin)
    RetentionRun.objects.create(
        started_at=closed, finished_at=closed, cutoff=closed, cases=12_345, messages=99_999
    )
    return admin


def test_a_phone_opens_a_long_case_at_its_newest_message(company, open_page):
    case, _ = arrive(company)
    for number in range(14):
        MessageFactory(
            case=case, identity=case.identity, text=f"Message {number} of the parcel that is on its way"
        )
    page = open_page("sana", **PHONE)
    page.goto(f"/cases/{case.pk}/")
    expect(page.get_by_text("Message 13 of the parcel")).to_be_in_viewport()
    expect(page.locator("#answer")).to_be_in_viewport()


def test_a_phone_shows_all_of_it(company, open_page, busy):
    page = open_page("odile", **PHONE)
    for path in PAGES:
        page.goto(
            path.format(
                brand=company.brand.pk, billing=company.billing.pk, customer=Customer.objects.first().pk
            )
        )
        still(page)
        assert page.evaluate(WIDE) == 0, path
        assert page.evaluate(SMALL) == [], path
        sound(page, *SCHEMES)
    page.goto("/brand-accounts/")
    assert "999,999 of 1,000,000 requests left" in page.content()


def test_a_badge_of_two_digits_is_one_line(company, open_page):
    case, _ = arrive(company)
    Notice.objects.bulk_create(
        Notice(user=company.agent, case=case, kind="solved", text="Solved.", key=str(n), at=timezone.now())
        for n in range(14)
    )
    page = open_page("sana", "/queue/mine/", **PHONE)
    badge = page.locator(".tabs .unread b")
    assert badge.inner_text() == "14"
    assert badge.bounding_box()["height"] < 24


def test_an_empty_queue_does_not_scroll(company, open_page):
    page = open_page("sana", "/queue/mine/", **PHONE)
    assert page.evaluate("document.documentElement.scrollHeight") == 844


def test_a_long_condition_of_others_opens_by_key(company, open_page):
    now = timezone.now()
    editing.set_default_department(company.service, None, now)
    others = DepartmentFactory(name="Legal", slug="legal")
    parts = [{"field": "words", "any": [f"{word} clause of a contract" for word in group]} for group in LONG]
    editing.add_rule(RuleContent("Contracts", {"all": parts}, others), None, "", now)
    versions.clear_rules_cache()
    page = open_page("mara", "/rules/", **PHONE)
    condition = page.locator(".whole > summary")
    short = condition.bounding_box()["height"]
    assert short >= 44
    lines = condition.evaluate("one => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight)")
    assert lines == pytest.approx(round(lines), abs=0.06), "no sliver of the next line"
    condition.focus()
    page.keyboard.press("Enter")
    assert condition.bounding_box()["height"] > short + 30
    sound(page)


def test_the_navigation_always_shows_who_is_signed_in_and_the_way_out(company, open_page, busy):
    for n in range(9):
        DepartmentFactory(name=f"Department of matters {n}", slug=f"matters-{n}")
    for width, height in ((1440, 900), (1280, 720), (390, 844)):
        page = open_page("odile", "/reports/", viewport={"width": width, "height": height})
        if width == 390:
            page.locator(".tabs a[href='#rail']").click()
        for seen in (page.get_by_role("button", name="Sign out"), page.locator(".rail .person")):
            box = seen.bounding_box()
            assert 0 <= box["y"] <= height - (50 if width == 390 else 0) - box["height"], width
        rail = page.locator("#rail")
        assert rail.get_by_role("heading").all_inner_texts()[-2:] == ["Watch", "Set up"]
        assert rail.evaluate("one => one.scrollHeight - one.clientHeight") <= 0
        # On a low screen the lists scroll, and begin where one is.
        page.goto("/departments/")
        if width != 390:
            here = rail.locator("[aria-current]").bounding_box()
            assert here["y"] + here["height"] <= page.locator(".rail .me").bounding_box()["y"], height
        sound(page, *SCHEMES)


def test_each_step_of_a_service_level_has_room_for_what_is_typed(company, open_page):
    content = {"name": "Hours", "time_zone": "UTC", "week": [[[540, 1020]]] * 7}
    Calendar.objects.create(name="Hours").versions.create(
        number=1, content=content, created_at=timezone.now()
    )
    for size in ({}, PHONE):
        page = open_page("mara", "/service-levels/new/", **size)
        for summary in page.locator("details > summary").all():
            summary.click()
        fields = page.locator(".step .trio :is(input, select):visible")
        assert fields.count() >= 3
        assert min(box["width"] for field in fields.all() if (box := field.bounding_box())) > 100
        assert page.evaluate(WIDE) == 0
