"""Rising topics on their page: counted as their lists, for whom, and what is never shown."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from inbox.models import Customer
from inbox.retention.erasing import erase_customer
from reports.models import CaseTopics, CaseToRead, RisingTopic
from reports.topics.refreshing import refresh_topics
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CustomerFactory,
    DepartmentFactory,
    IdentityFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed
from tests.reports.stories import ZONE
from tests.reports.test_year import rows_behind
from tests.reports.topics.telling import DAY, read_all, say

pytestmark = pytest.mark.django_db
ADDRESS = reverse("reports:outcomes")
PERIOD = "period=last-14-days"
ROW = re.compile(r'<th scope="row"><bdi>([^<]*)</bdi>.*?href="/reports/cases/\?([^"]*)">([0-9,]+)</a>')


@pytest.fixture(autouse=True)
def _today(settings):
    settings.DISPLAY_TIME_ZONE = str(ZONE)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def technical():
    return DepartmentFactory(name="Technical support")


@pytest.fixture
def company(technical):
    """Two departments: many cases of every day in both, a lid that whistles now, and a word of direct messages."""
    service, brand = DepartmentFactory(name="Customer service"), BrandAccountFactory()
    shared = {"brand_account": brand}
    for n in range(24):
        say(f"Parcel late {n}", NOW - (n + 1) * DAY, department=service, **shared)
    for n in range(12):
        say("The whistling lid!", NOW - n * DAY / 3, department=technical, tags=["kettle"], **shared)
    for n in range(4):
        say("Secret refund", NOW - n * DAY / 2, department=technical, visibility="direct", **shared)
    read_all()
    return service, technical


def page_of(user, query=PERIOD):
    response = signed_in(user).get(f"{ADDRESS}?{query}")
    return squeezed(response.content.decode()), {
        row["label"]: row for row in response.context["topics"]["rows"]
    }


def test_what_rose_stands_first_and_opens_exactly_its_cases(company, technical):
    admin = UserFactory(role=Role.ADMINISTRATOR)
    page, rows = page_of(admin)
    # An administrator reads no direct messages, so nothing of them is said.
    assert list(rows) == ["kettle", "whistling lid", "parcel late"] and "ecret" not in page
    assert "<b>2 topics grew by half or more, and by more than chance.</b>" in page
    assert (rows["whistling lid"]["now"], rows["whistling lid"]["against"]) == ("12", "▲ new")
    assert rows["whistling lid"]["mostly"] == "Technical support" and not rows["parcel late"]["rose"]
    listed = ROW.findall(page)
    assert {label for label, _, _ in listed} == set(rows)
    for label, query, number in listed:
        assert rows_behind(admin, query) == int(number), label


def test_a_reader_sees_the_topics_of_the_cases_that_they_may_read(company):
    service, technical = company
    manager = UserFactory(role=Role.MANAGER, departments=[technical])
    assert set(page_of(manager)[1]) == {"kettle", "whistling lid", "secret refund"}
    analyst = UserFactory(role=Role.ANALYST, departments=[technical])
    assert set(page_of(analyst)[1]) == {"kettle", "whistling lid"}
    other = UserFactory(role=Role.MANAGER, departments=[service])
    assert set(page_of(other)[1]) == {"parcel late"}
    # Filters narrow topics as all else; of a department of others nothing is shown.
    assert set(page_of(manager, f"{PERIOD}&tag=kettle")[1]) == {"kettle", "whistling lid"}


def test_a_word_that_only_erased_customers_said_stays_nowhere(company):
    for customer in Customer.objects.filter(cases__tags__contains=["kettle"]).distinct():
        erase_customer(customer, by=UserFactory(role=Role.ADMINISTRATOR), now=NOW)
    read_all()
    assert not CaseTopics.objects.filter(keys__contains=["word:whistling"]).exists()
    assert not RisingTopic.objects.filter(key__contains="whistling").exists()
    assert CaseTopics.objects.filter(keys__contains=["word:parcel"]).count() == 24


def test_names_of_customers_and_of_our_people_are_no_topics(technical):
    UserFactory(first_name="Jorinde", last_name="Talbot")
    for n in range(4):
        IdentityFactory(customer=CustomerFactory(name=f"Wilhelmina Reed {n}"))
        say("Jorinde promised Wilhelmina a filter", department=technical)
    read_all()
    labels = set(RisingTopic.objects.values_list("label", flat=True))
    assert labels == {"promised", "filter"}


def test_what_our_accounts_are_called_is_no_topic_but_what_is_said_of_it_is(technical):
    brand = BrandAccountFactory(name="Kettle & Fern", handle="kettle_fern")
    for _ in range(4):
        say("Kettle Fern! The kettle leaks", department=technical, brand_account=brand)
    read_all()
    labels = set(RisingTopic.objects.values_list("label", flat=True))
    assert labels == {"leaks", "kettle leaks"}


def test_reading_twice_changes_nothing_and_a_moved_case_is_counted_where_it_is(company):
    service, technical = company
    stored = list(CaseTopics.objects.order_by("pk").values())
    for topics in stored:
        CaseToRead.objects.create(case_id=topics["case_id"])
    assert refresh_topics() == len(stored) and refresh_topics() == 0
    assert list(CaseTopics.objects.order_by("pk").values()) == stored


def test_nothing_is_said_of_nothing(technical):
    page, rows = page_of(UserFactory(role=Role.MANAGER, departments=[technical]))
    assert rows == {} and "No tag or word stands in three of these 0 cases." in page


def test_the_table_and_the_picture_are_files(company, technical):
    client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
    table = client.get(f"{reverse('reports:table_csv')}?board=outcomes&table=topics-table&{PERIOD}")
    lines = b"".join(table.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Topic,Kind,Mostly with,Cases,Before") and lines[1].startswith(
        "kettle,tag,Technical support,12,0,"
    )
    picture = client.get(f"{reverse('reports:chart_svg')}?board=outcomes&chart=topics-chart&{PERIOD}")
    assert picture.status_code == 200 and "whistling lid" in picture.content.decode()
