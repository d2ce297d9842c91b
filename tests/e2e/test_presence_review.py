"""The presence review as people meet it: the register, a charter, a sunset; on a phone, in both colours, without scripts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import BrandAccount, Lifecycle, Role
from reports.presence.counting import count_account_figures
from tests.e2e.moments import still
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_looks import PHONE, SMALL, WIDE
from tests.factories import BrandAccountFactory, CaseFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DAY = dt.timedelta(days=1)


@pytest.fixture
def presences(company):
    """A company with accounts of every kind."""
    now = timezone.now()
    admin = UserFactory(username="odile", role=Role.ADMINISTRATOR)
    owner = UserFactory(first_name="Juno", last_name="Achterberg-Wolfenstein")
    BrandAccount.objects.filter(pk=company.brand.pk).update(
        owner=owner,
        owner_department=company.service,
        purpose="Help in public",
        persona="Warm, brief, never in capitals",
    )
    BrandAccountFactory(
        handle="kettle_recipes_and_stories", owner_department=company.billing, charter_until=now - DAY
    )
    BrandAccountFactory(handle="kettle_jobs", network="facebook", charter_until=None, answers_until=None)
    BrandAccountFactory(handle="kettle_uk", owner=owner, charter_until=now + 9 * DAY, health="reauthorise")
    CaseFactory(brand_account=company.brand, created_at=now - DAY)
    count_account_figures(now)
    return admin


def test_every_page_of_it_is_sound_in_both_colours_and_on_a_phone(company, open_page, presences):
    paths = [
        "/reports/presence-review/", "/reports/presence-review/{brand}/",
        "/brand-accounts/{brand}/charter/", "/brand-accounts/{brand}/sunset/",
        "/reports/brand-accounts/", "/reports/people/",
    ]  # fmt: skip
    for options in ({"viewport": {"width": 1440, "height": 900}}, PHONE):
        page = open_page("odile", **options)
        for path in paths:
            page.goto(path.format(brand=company.brand.pk))
            still(page)
            assert page.evaluate(WIDE) == 0, path
            if options is PHONE:
                assert page.evaluate(SMALL) == [], path
            sound(page, *SCHEMES)
            assert page.said == [], path


def test_a_charter_and_a_sunset_without_scripts(company, open_page, presences):
    page = open_page("odile", "/reports/presence-review/?charter=missing", java_script_enabled=False)
    page.get_by_role("link", name="@kettle_jobs", exact=True).click()
    for label, text in (
        ("Purpose", "Jobs"),
        ("Audience", "People who look for one"),
        ("Objective", "Ten a year"),
    ):
        page.get_by_label(label).fill(text)
    page.get_by_label("Owner department").select_option(label="Customer service")
    page.get_by_label("Owner", exact=True).select_option(label="Juno Achterberg-Wolfenstein")
    page.get_by_role("button", name="Save and sign").click()
    assert page.get_by_text("You signed the charter").is_visible()
    page.get_by_role("link", name="Sunset…").click()
    page.get_by_role("button", name="Begin the sunset").click()
    page.get_by_label("What was announced").fill("Pinned: we move to @kettle")
    page.get_by_role("button", name="It is announced").click()
    page.get_by_label("Where customers are sent").fill("@kettle on X")
    page.get_by_role("button", name="Send them there").click()
    account = BrandAccount.objects.get(handle="kettle_jobs")
    assert (account.lifecycle, account.moved_to) == (Lifecycle.SUNSETTING, "@kettle on X")
    page.get_by_role("button", name="Take back Redirect").click()
    assert page.get_by_text("Redirect: taken back").is_visible()
