"""A case whose customer was erased, or whose messages are in another, takes nothing more and says why."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.cases import regrouping
from inbox.models import Case, CaseEvent, Draft, Reply
from inbox.retention.erasing import erase_customer
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, signed_in

pytestmark = pytest.mark.django_db
ERASED = "This customer&#x27;s data has been erased."


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def agent(service, brand):
    return UserFactory(departments=[service], publishes=[brand], role=Role.MANAGER)


@pytest.fixture
def case(service, brand):
    began = timezone.now() - dt.timedelta(hours=1)
    case = CaseFactory(department=service, brand_account=brand, created_at=began)
    MessageFactory(case=case, network_time=began, received_at=began)
    return case


def erase(case):
    erase_customer(case.customer, by=UserFactory(role=Role.ADMINISTRATOR), now=timezone.now())
    case.refresh_from_db()


def merge(case, agent):
    other = CaseFactory(
        customer=case.customer, identity=case.identity, department=case.department,
        brand_account=case.brand_account, created_at=case.created_at,
    )  # fmt: skip
    MessageFactory(case=other, network_time=case.created_at, received_at=case.created_at)
    regrouping.merge_case(other.pk, agent, case.pk, now=timezone.now())
    case.refresh_from_db()
    return other


def answer(case, parent):
    return {"parent": parent, "composer_id": str(uuid.uuid4()), "version": case.version, "text": "Heliotrope"}


@pytest.mark.parametrize("is_refreshed", [False, True])
def test_an_answer_to_an_erased_customer_is_refused_and_stores_nothing(case, agent, is_refreshed):
    parent = "" if is_refreshed else case.messages.get().pk
    form = answer(case, parent)
    erase(case)
    response = signed_in(agent).post(reverse("inbox:reply", args=[case.pk]), form, **HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Not sent" in page and f"{ERASED} Nothing was sent." in page
    assert "Heliotrope" not in page
    assert not Draft.objects.exists() and not Reply.objects.exists()


def test_no_draft_is_stored_of_an_erased_customer(case, agent):
    erase(case)
    draft = signed_in(agent).post(reverse("inbox:draft", args=[case.pk]), {"text": "Heliotrope"})
    assert draft.status_code == 410
    assert not Draft.objects.exists()


WORDS = {
    "note": {"note": "Heliotrope"},
    "case_tags": {"tags": "heliotrope"},
    "customer_tags": {"tags": "heliotrope"},
    "hand_over": {"department": "billing", "reason": "Heliotrope"},
    "wrong_department": {"department": "billing", "reason": "Heliotrope"},
    "bounce": {"reason": "Heliotrope"},
    "dismiss": {"reason": "Heliotrope"},
    "assign": {"to": "me"},
    "reopen": {},
    "resolve": {},
    "split": {"message": "1", "department": "billing"},
    "merge": {"other": "1"},
}


@pytest.mark.parametrize("verb", WORDS)
def test_nothing_is_done_in_the_case_of_an_erased_customer(case, agent, verb):
    DepartmentFactory(name="Billing", slug="billing")
    erase(case)
    events, version = CaseEvent.objects.count(), case.version
    response = signed_in(agent).post(reverse(f"inbox:{verb}", args=[case.pk]), WORDS[verb])
    assert response.status_code == 422
    assert f"{ERASED} Nothing was saved." in response.content.decode()
    case.refresh_from_db()
    assert (CaseEvent.objects.count(), case.version) == (events, version)


@pytest.mark.parametrize("verb", WORDS)
def test_nothing_is_done_in_a_case_that_was_merged(case, agent, verb):
    DepartmentFactory(name="Billing", slug="billing")
    other = merge(case, agent)
    events = CaseEvent.objects.count()
    response = signed_in(agent).post(reverse(f"inbox:{verb}", args=[case.pk]), WORDS[verb])
    assert response.status_code == 422
    words = f"Merged into case {other.pk}: its messages are there. Nothing was saved."
    assert words in response.content.decode()
    assert CaseEvent.objects.count() == events


def test_an_answer_in_a_case_that_was_merged_says_where_its_messages_are(case, agent):
    other = merge(case, agent)
    response = signed_in(agent).post(reverse("inbox:reply", args=[case.pk]), answer(case, ""), **HTMX)
    words = f"Merged into case {other.pk}: its messages are there. Nothing was sent."
    assert words in response.content.decode()
    assert not Draft.objects.exists()


@pytest.mark.parametrize("end", ["erased", "merged"])
def test_the_page_offers_nothing_that_would_be_refused(case, agent, end):
    if end == "erased":
        erase(case)
        words = ERASED
    else:
        other = merge(case, agent)
        words = f"Open case {other.pk}"
    client = signed_in(agent)
    refreshed = client.get(f"/cases/{case.pk}/thread/", **HTMX).content.decode()
    assert 'class="composer lost" id="composer"' in refreshed and words in refreshed
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert Case.objects.get(pk=case.pk).closed_at
    for name in ("reply", "note", "reopen", "case-tags", "customer-tags"):
        assert f'action="/cases/{case.pk}/{name}/"' not in page
