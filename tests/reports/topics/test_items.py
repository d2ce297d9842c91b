"""Rising topics as learning items: one is filled in from the page, or is there already."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from inbox.learning_items import items, linking
from reports.models import CaseTopics
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.reports.stories import ZONE
from tests.reports.topics.telling import DAY, read_all, say

pytestmark = pytest.mark.django_db
OUTCOMES = reverse("reports:outcomes")
OF_TOPIC = reverse("reports:learning_item_of_topic")
PERIOD = "period=last-4-weeks"


@pytest.fixture(autouse=True)
def _today(settings):
    settings.DISPLAY_TIME_ZONE = str(ZONE)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def manager():
    """A manager of a department in which a lid whistles that never did before."""
    technical, brand = DepartmentFactory(name="Technical support"), BrandAccountFactory()
    for n in range(30):
        say("Parcel late", NOW - (n + 1) * 1.5 * DAY, department=technical, brand_account=brand)
    for n in range(12):
        say("The whistling lid!", NOW - n * DAY / 3, department=technical, brand_account=brand)
    read_all()
    return UserFactory(role=Role.MANAGER, departments=[technical])


def row_of(manager):
    rows = signed_in(manager).get(f"{OUTCOMES}?{PERIOD}").context["topics"]["rows"]
    return next(row for row in rows if row["label"] == "whistling lid")


def test_what_rises_begins_an_item_with_its_cases(manager):
    said = set(CaseTopics.objects.filter(keys__contains=["word:whistling lid"]).values_list("pk", flat=True))
    client = signed_in(manager)
    asked = client.get(row_of(manager)["propose"])
    page = client.get(asked["Location"]).context["typed"]
    assert page["title"] == "Whistling lid" and set(map(int, page["cases"].split())) == said
    stranger = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    for query in ("topic=word:whistling+lid", "topic=word:nothing", "topic=", "alert=x", "alert=7"):
        assert signed_in(stranger).get(f"{OF_TOPIC}?{query}&{PERIOD}").status_code == 404


@pytest.mark.parametrize("by", ["words", "links"])
def test_a_topic_with_an_item_leads_to_it(manager, by):
    department = manager.memberships.get().department
    named = {"repeats_by": "words", "repeats_of": "Whistling Lid"} if by == "words" else {}
    item = items.create_item(manager, "It whistles", department, now=NOW, **named)
    if by == "links":
        said = CaseTopics.objects.filter(keys__contains=["word:whistling lid"]).values_list("pk", flat=True)
        linking.link_cases(item.pk, manager, list(said[:4]), now=NOW)
    assert row_of(manager)["item"] == reverse("reports:learning_item", args=[item.pk])
