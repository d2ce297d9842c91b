"""Tags of a customer: noted by people, in the case's history, and asked by rules when the customer writes again."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.case_page.event_lines import event_line
from inbox.cases.customer_tags import tag_customer
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.models import Case, CaseEvent, Verb
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from tests.factories import NOW, UserFactory
from tests.inbox.fake_connector import message


@pytest.fixture
def case(feed):
    feed.store(message("1", by="5", minute=9))
    return Case.objects.get()


@pytest.fixture
def agent(feed):
    return UserFactory(departments=feed.departments.values())


def test_tags_are_noted_with_their_event_and_found_by_rules(feed, case, agent):
    assert tag_customer(case.pk, agent, " VIP ,  Press  office, vip,,", now=NOW) == ["vip", "press office"]
    tag_customer(case.pk, agent, "vip, fan", now=NOW)
    tag_customer(case.pk, agent, "fan, vip", now=NOW)
    events = CaseEvent.objects.filter(verb=Verb.CUSTOMER_TAGGED).order_by("id")
    assert events[1].data["added"] == ["fan"]
    assert "tagged the customer “fan” and removed the tag “press office” from the customer" in event_line(
        events[1]
    )

    rule = {"field": "customer_tags", "is": ["vip"]}
    editing.add_rule(RuleContent("VIPs", rule, feed.departments["billing"], priority=2), None, "", NOW)
    versions.clear_rules_cache()
    feed.store(message("2", by="5", visibility="direct", thread_id="dm"))
    direct = Case.objects.get(visibility="direct")
    assert (direct.department, direct.priority) == (feed.departments["billing"], 2)


@pytest.mark.parametrize(
    ("given", "problem"), [(",".join(map(str, range(21))), "21 tags"), ("x" * 41, "too long")]
)
def test_too_much_is_refused(case, agent, given, problem):
    with pytest.raises(Invalid, match=problem):
        tag_customer(case.pk, agent, given, now=NOW)
    case.customer.refresh_from_db()
    assert case.customer.tags == []


def test_who_only_reads_tags_nobody(case, feed):
    analyst = UserFactory(role=Role.ANALYST, departments=feed.departments.values())
    with pytest.raises(NotAllowed):
        tag_customer(case.pk, analyst, "vip", now=NOW)
    with pytest.raises(Case.DoesNotExist):
        tag_customer(case.pk, UserFactory(), "vip", now=NOW)


def test_the_case_page_shows_and_saves_them(client, case, agent):
    client.force_login(agent)
    address = reverse("inbox:customer_tags", args=[case.pk])
    page = client.post(address, {"tags": "vip, <b>x</b>"}, follow=True).content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "The customer&#x27;s tags are saved." in page
    refused = client.post(address, {"tags": "y" * 41})
    assert refused.status_code == 422
    assert "too long for a tag" in refused.content.decode()
    assert "y" * 41 in refused.content.decode()
