"""What came since the case was opened: said above the answer, and never answered unseen."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Role
from inbox.cases import verbs
from inbox.changes.change import change_case
from inbox.models import Draft, Reply
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import HTMX, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    made = CaseFactory(department=DepartmentFactory(), brand_account=BrandAccountFactory())
    MessageFactory(case=made, text="Where is my parcel?")
    return made


@pytest.fixture
def ann(case):
    return UserFactory(departments=[case.department], role=Role.AGENT, publishes=[case.brand_account])


@pytest.fixture
def juno(case):
    return UserFactory(departments=[case.department], role=Role.MANAGER, publishes=[case.brand_account])


def write_again(case, text):
    with transaction.atomic(), change_case(case.pk, now=timezone.now()) as change:
        MessageFactory(case=case, text=text, network_time=change.now)
        change.set(last_inbound_at=change.now)


def fields_of(html):
    """Return the hidden fields with which the page says what it has seen."""
    composer = html[html.index('id="composer-state"') :]
    places = {"opened": html, "seen": html, "version": composer, "parent": composer}
    return {name: re.search(rf'name="{name}" value="([^"]*)"', place)[1] for name, place in places.items()}


def line_of(html):
    return html[html.index('id="since-opened"') :].split("</div>")[0]


def open_case(client, case):
    html = client.get(f"/cases/{case.pk}/").content.decode()
    assert "New since" not in html
    return fields_of(html)


def refresh(client, case, fields):
    return client.get(f"/cases/{case.pk}/thread/", fields, **HTMX).content.decode()


def test_what_others_did_is_counted_and_ones_own_acts_are_not(case, ann, juno):
    client = signed_in(ann)
    fields = open_case(client, case)
    verbs.add_note(case.pk, ann, "Mine", now=timezone.now())
    assert "New since" not in line_of(refresh(client, case, fields))
    write_again(case, "Hello?")
    write_again(case, "Anybody?")
    verbs.add_note(case.pk, juno, "Call him", now=timezone.now())

    shown = refresh(client, case, fields)
    assert "New since you opened it: 2 messages and a note." in line_of(shown)
    assert shown.index("Where is my parcel?") < shown.index('id="first-new"') < shown.index("Hello?")
    assert fields_of(shown)["opened"] == fields["opened"]
    open_case(client, case)


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["scripts", "no scripts"])
def test_an_answer_to_what_was_not_seen_is_refused_once(case, ann, headers):
    client = signed_in(ann)
    fields = open_case(client, case)
    write_again(case, "Forget it, it is here")
    if headers:
        fields = fields_of(refresh(client, case, fields))
    answer = {"text": "We send another", "composer_id": str(uuid.uuid4())}

    refused = client.post(f"/cases/{case.pk}/reply/", fields | answer, **headers)
    html = refused.content.decode()
    assert refused.status_code == 409 and not Reply.objects.exists()
    assert (
        "Not sent yet" in line_of(html) and "Forget it, it is here" in html[html.index('id="since-opened"') :]
    )
    assert Draft.objects.get(case=case, user=ann).text == "We send another"
    sent = client.post(f"/cases/{case.pk}/reply/", fields_of(html) | answer, **headers)
    assert sent.status_code in (200, 302) and Reply.objects.get().text.startswith("We send another")


def test_what_was_seen_before_writing_is_answered(case, ann):
    client = signed_in(ann)
    fields = open_case(client, case)
    write_again(case, "And one more thing")
    shown = refresh(client, case, fields)
    now = re.search(r'data-now="([^"]*)"', shown)[1]

    fields = fields_of(refresh(client, case, fields | {"seen": now}))
    answer = {"text": "On its way", "composer_id": str(uuid.uuid4())}
    assert client.post(f"/cases/{case.pk}/reply/", fields | answer, **HTMX).status_code == 200


@pytest.mark.parametrize("mark", ["x", "1", "1-", "9" * 30 + "-1", "<b>-1"])
def test_marks_that_cannot_be_read_are_those_of_now(case, ann, mark):
    shown = refresh(signed_in(ann), case, {"opened": mark, "seen": mark})
    assert "New since" not in shown and fields_of(shown)["opened"] == f"1-{case.messages.get().pk}"
