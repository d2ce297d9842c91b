"""The page of retention: what counts, what a change would delete, and that it is saved only when confirmed."""

from __future__ import annotations

import html
import re

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, AuditVerb, Role
from inbox.models import RetentionRun, RetentionSetting
from inbox.tasks import delete_old_texts
from tests.accounts.conftest import signed_in
from tests.factories import DepartmentFactory, UserFactory
from tests.inbox.retention.conftest import closed_case, keep_for, talkative_case

pytestmark = pytest.mark.django_db
PAGE, PREVIEW = "/retention/", "/retention/preview/"


@pytest.fixture
def administrator():
    return UserFactory(role=Role.ADMINISTRATOR, first_name="Ada", last_name="Min")


@pytest.fixture
def browser(administrator):
    return signed_in(administrator)


def words(answer):
    """What a person reads on a page."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[-1])
    return " ".join(html.unescape(text).split())


@pytest.mark.parametrize("role", [Role.MANAGER, Role.COMMUNITY, Role.AGENT, Role.ANALYST])
def test_only_administrators_have_the_pages(role):
    other = signed_in(UserFactory(role=role))
    assert other.get(PAGE).status_code == other.get(PREVIEW).status_code == 404
    assert other.post(PREVIEW, {"days": "90", "seen": "0", "agreed": "on"}).status_code == 404
    assert not RetentionSetting.objects.exists()


def test_a_change_needs_a_recent_sign_in(administrator):
    answer = signed_in(administrator, recently=False).get(PREVIEW, {"days": "90"})
    assert answer["Location"].startswith("/auth/reauthenticate/")


def test_at_first_everything_is_kept(browser):
    page = words(browser.get(PAGE))
    assert "Kept for ever Nothing is deleted." in page
    assert "What has been deleted Nothing so far." in page


def test_the_preview_says_what_would_go(browser):
    billing = DepartmentFactory(name="Billing")
    closed_case(days_ago=200, department=billing)
    closed_case(days_ago=95, department=billing)
    closed_case(days_ago=10, department=billing)
    talkative_case(days_ago=120)
    page = words(browser.get(PREVIEW, {"days": "90"}))
    assert "Delete texts 90 days after a case was closed?" in page
    assert re.search(r"Billing \S+ \w+ \d{4} to \S+ \w+ \d{4} 2 2 ", page)
    assert "3 cases with 3 messages" in page
    assert "1 note and 1 unsent draft of colleagues" in page
    assert "tags of 3 customers" in page
    assert "1 example of the learned router" in page
    assert "1 item in quarantine" in page
    assert not RetentionSetting.objects.exists()


def test_the_preview_counts_what_is_then_deleted(browser):
    for days_ago in (92, 100, 150, 88):
        closed_case(days_ago)
    page = words(browser.get(PREVIEW, {"days": "90"}))
    keep_for(90)
    delete_old_texts()
    run = RetentionRun.objects.get()
    assert f"{run.cases} cases with {run.messages} messages" in page
    assert run.cases == 3


def test_nothing_is_saved_without_the_tick(browser):
    answer = browser.post(PREVIEW, {"days": "90", "seen": "0"})
    assert answer.status_code == 422
    assert "Tick this to go on" in words(answer)
    assert not RetentionSetting.objects.exists()


def test_a_confirmed_setting_is_in_the_audit_log(browser, administrator):
    answer = browser.post(PREVIEW, {"days": "90", "seen": "0", "agreed": "on"}, follow=True)
    assert "What people wrote is kept for 90 days. Deleting begins on" in answer.content.decode()
    page = words(browser.get(PAGE))
    assert "Kept for 90 days after a case was closed Set by Ada Min" in page
    assert "Until then nothing is deleted." in page
    entry = AuditEntry.objects.get(verb=AuditVerb.RETENTION_SET)
    assert (entry.about, entry.actor_id) == ("texts of closed cases", administrator.pk)
    assert entry.changes == [{"name": "Kept", "from": "for ever", "to": "90 days"}]
    seen = str(RetentionSetting.objects.get().pk)
    browser.post(PREVIEW, {"days": "0", "seen": seen})
    assert RetentionSetting.objects.order_by("-id").first().days is None
    assert "Kept for ever" in words(browser.get(PAGE))


def test_a_change_of_somebody_else_meanwhile_is_not_overwritten(browser):
    keep_for(365)
    answer = browser.post(PREVIEW, {"days": "30", "seen": "0", "agreed": "on"}, follow=True)
    assert "Somebody else has changed this in the meantime, so nothing was saved." in answer.content.decode()
    assert RetentionSetting.objects.order_by("-id").first().days == 365


def test_the_same_setting_again_changes_nothing(browser):
    seen = keep_for(90).pk
    assert "That is the setting already." in words(browser.get(PREVIEW, {"days": "90"}))
    browser.post(PREVIEW, {"days": "90", "seen": str(seen), "agreed": "on"})
    assert RetentionSetting.objects.count() == 1
    assert not AuditEntry.objects.filter(verb=AuditVerb.RETENTION_SET).exists()


@pytest.mark.parametrize("query", ["", "?days=", "?days=1", "?days=29", "?days=x", "?days=-90"])
def test_other_times_lead_back(browser, query):
    assert browser.get(PREVIEW + query)["Location"] == PAGE


def test_what_has_been_deleted_is_listed(browser):
    closed_case()
    keep_for(90)
    delete_old_texts()
    page = words(browser.get(PAGE))
    assert re.search(r"\d\d:\d\d \d+ \w+ \d{4} 1 1 0", page)
    assert "still deleting" not in page
    RetentionRun.objects.create(started_at=timezone.now(), cutoff=timezone.now())
    assert "still deleting" in words(browser.get(PAGE))


def test_the_thread_says_that_a_text_was_deleted():
    case, _ = talkative_case()
    keep_for(90)
    delete_old_texts()
    agent = UserFactory(departments=[case.department])
    page = words(signed_in(agent).get(f"/cases/{case.pk}/"))
    assert "This text was deleted." in page
    assert "This note was deleted." in page
    assert "(no text)" not in page
