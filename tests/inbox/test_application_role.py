"""The main ways through the product with a database role that owns nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Role
from accounts.people import verbs as people
from config.management.commands.migrate import _grant_to_application
from inbox.assignment.orphaned_cases import sweep_open_cases
from inbox.cases import hand_overs, readings, verbs
from inbox.decisions.second_opinion import weigh_new_decisions
from inbox.escalation.sweep import escalate_due_cases
from inbox.models import Case, CaseEvent, Custody, Decision, Message
from inbox.queue.counts import fold_case_counts
from tests.factories import NOW, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
ROLE = "horseshoe_owning_nothing"


@pytest.fixture
def owning_nothing(db):
    """From here on, statements run as the role of the application."""
    _grant_to_application(ROLE, "secret")
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {ROLE}")
        yield
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (ROLE,)
        cursor.execute("RESET ROLE")


def test_messages_come_in_and_a_case_goes_through_its_life(feed, owning_nothing):
    service, billing = feed.departments["service"], feed.departments["billing"]
    ann = UserFactory(departments=[service], role=Role.MANAGER)
    ben = UserFactory(departments=[billing])
    later = NOW + dt.timedelta(minutes=5)
    feed.store(message("1", "Where is my parcel?"), message("2", "A refund please"), message("3", "thanks"))
    feed.store(
        message("4", "Hello? My parcel?", parent_id="1", thread_id="1"), message("2", "A refund, please")
    )
    assert Decision.objects.count() == Message.objects.count() >= 3
    case = Case.objects.filter(department=service, closed_at=None).first()
    verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
    sent = Custody.objects.get(case=case, left_at=None)
    hand_overs.take_back_hand_over(sent.pk, ann, now=NOW + dt.timedelta(seconds=5))
    verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW + dt.timedelta(seconds=9))
    readings.correct_reading(case.messages.first().pk, ben, {"urgency": 2}, now=later)
    verbs.resolve_case(case.pk, ben, now=later)
    verbs.reopen_case(case.pk, ben, now=later)
    assert CaseEvent.objects.filter(case=case).count() >= 5
    weigh_new_decisions(timezone.now())
    sweep_open_cases(timezone.now())
    escalate_due_cases(timezone.now())
    fold_case_counts()


@pytest.mark.slow
def test_pages_open_and_save(feed, owning_nothing):
    feed.store(message("1", "Where is my parcel?"))
    case = Case.objects.get()
    admin = UserFactory(role=Role.ADMINISTRATOR)
    manager = UserFactory(role=Role.MANAGER, departments=[case.department])
    for user in (admin, manager):
        browser = signed_in(user)
        for path in ("/", "/reports/", "/brand-accounts/", "/roster/", "/rules/", "/audit/", "/notices/"):
            assert browser.get(path).status_code == 200, path
    assert signed_in(manager).get(reverse("inbox:case", args=[case.pk])).status_code == 200
    assert signed_in(admin).get("/people/").status_code == 200
    people.end_sessions(manager)
    assert AuditEntry.objects.filter(person_id=manager.pk).count() == 1
