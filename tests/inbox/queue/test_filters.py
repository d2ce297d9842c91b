"""Filters of a list: what each leaves, what the sentence says, and that none shows more than its reader may see."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.models import Status
from inbox.queue.filter_words import FilterNames, describe_filters
from inbox.queue.filters import QueueFilters
from inbox.queue.listing import cases_of_view
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, signed_in
from tests.markup import squeezed


def parse(query, kind="open"):
    return QueueFilters.parse(QueryDict(query), kind)


def sentence(query, kind="open", **names):
    parts = describe_filters(parse(query, kind), kind, FilterNames(**names))
    return "".join(part.before + part.words for part in parts)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("network=x&network=x&network=myspace", "network=x"),
        ("tag=lid,%23safety&tag=lid", "tag=lid&tag=safety"),
        ("customer_tag=VIP", "customer_tag=vip"),
        ("sort=overdue", "due=over&sort=due"),
        ("sort=soon&due=none", "due=none"),
        ("tone=furious&urgency=9&priority=7&status=resolved&media=no&stream=x", ""),
        ("waiting=-5&followers=1e9&brand=x&department=0&language=de%27", ""),
        ("waiting=60&followers=1000&language=de", "language=de&waiting=60&followers=1000"),
        ("assignee=me&assignee=nobody&assignee=17&assignee=us", "assignee=me&assignee=nobody&assignee=17"),
    ],
)
def test_an_address_keeps_what_means_something(query, kept):
    assert parse(query).query_string() == kept
    assert parse(kept).query_string() == kept


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("", "open", "Open cases, newest first"),
        (
            "department=1&department=2&department=3&tone=negative&answer=missing&sort=due",
            "open",
            "Open cases in 3 departments that are negative and not answered, due first",
        ),
        (
            "network=x&network=facebook&language=de&waiting=60",
            "mine",
            "My open cases on X or Facebook in German that are waiting for over 1 h, due first",
        ),
        ("text=burnt+lid&media=yes", "resolved", "Closed cases with the text “burnt lid” with pictures or files, newest first"),
    ],
)  # fmt: skip
def test_the_sentence_says_all_filters(query, kind, words):
    assert sentence(query, kind) == words


def test_each_part_of_the_sentence_takes_its_filter_away():
    parts = describe_filters(parse("tag=lid&tag=red&tone=negative"), "open", FilterNames())
    assert [part.without for part in parts if part.words] == [
        "tag=red&tone=negative", "tag=lid&tone=negative", "tag=lid&tag=red",
    ]  # fmt: skip


@pytest.mark.django_db
def test_each_filter_leaves_the_cases_that_fit():
    department, brand, now = DepartmentFactory(), BrandAccountFactory(network="x"), timezone.now()
    agent = UserFactory(departments=[department], publishes=[brand])
    identity = IdentityFactory(followers=20_000)
    identity.customer.tags = ["vip"]
    identity.customer.save()
    wanted = CaseFactory(
        department=department, brand_account=brand, identity=identity, assignee=agent, priority=1, tags=["lid"],
        status=Status.OPEN, waiting_since=now - dt.timedelta(hours=2), next_due_at=now - dt.timedelta(hours=1),
    )  # fmt: skip
    MessageFactory(
        case=wanted, text="The kettle lid is burnt", sentiment="negative", language="de", urgency=2, attachments=[{"kind": "photo"}]
    )  # fmt: skip
    other = CaseFactory(
        department=department, brand_account=BrandAccountFactory(network="facebook"), waiting_since=None, visibility="direct"
    )  # fmt: skip
    MessageFactory(case=other, text="Thank you", sentiment="positive", language="en")
    for query in (
        "network=x", f"brand={brand.pk}", "assignee=me", f"assignee={agent.pk}", "priority=1&priority=2", "tag=lid&tag=x",
        "status=open", "tone=negative", "language=de&language=fr", "urgency=2", "answer=missing", "waiting=60", "due=over",
        "followers=10000", "customer_tag=vip", "stream=public", "text=burnt", "media=yes",
        "network=x&tone=negative&waiting=60&text=lid&sort=priority",
    ):  # fmt: skip
        found = cases_of_view(agent, "open", parse(query), now=now)
        assert list(found.values_list("pk", flat=True)) == [wanted.pk], query
    for query in ("assignee=nobody", "answer=given", "due=none", "stream=direct", "tone=positive"):
        found = cases_of_view(agent, "open", parse(query), now=now)
        assert list(found.values_list("pk", flat=True)) == [other.pk], query
    page = signed_in(agent).get("/?tone=negative&waiting=60").content.decode()
    assert re.findall(r'<li class="row[^>]*data-case="(\d+)"', page) == [str(wanted.pk)]


@pytest.mark.django_db
def test_no_filter_shows_a_case_of_others():
    ours, theirs, brand = DepartmentFactory(), DepartmentFactory(), BrandAccountFactory()
    hidden = CaseFactory(department=theirs, brand_account=brand, tags=["lid"], visibility="direct")
    MessageFactory(case=hidden, text="The kettle lid is burnt")
    readers = [
        UserFactory(departments=[ours]),
        UserFactory(role=Role.COMMUNITY, publishes=[BrandAccountFactory()]),
        UserFactory(role=Role.ADMINISTRATOR),
    ]
    for reader in readers:
        for query in (
            f"department={theirs.pk}",
            f"brand={brand.pk}",
            "tag=lid",
            "text=burnt",
            "stream=direct",
            "sort=due",
        ):
            for kind in ("open", "unassigned", "watching"):
                assert not cases_of_view(reader, kind, parse(query, kind)).exists(), (reader.role, query)
            page = signed_in(reader).get(f"/?{query}").content.decode()
            assert f'data-case="{hidden.pk}"' not in page, (reader.role, query)


@pytest.mark.django_db
def test_the_form_of_filters_leads_to_the_list():
    department = DepartmentFactory(slug="repairs", name="Repairs")
    client = signed_in(UserFactory(departments=[department]))
    form = reverse("inbox:queue_filters")
    page = squeezed(client.get(f"{form}?of=department:repairs&tone=negative"))
    assert 'value="negative" checked' in page
    assert "<html" not in client.get(f"{form}?of=mine", **HTMX).content.decode()
    chosen = client.get(f"{form}?of=department:repairs&tone=negative&tag=&waiting=&text=lid&show=1")
    assert chosen.url == "/queue/department/repairs/?tone=negative&text=lid"
    assert client.get(f"{form}?of=department:absent").status_code == 404
