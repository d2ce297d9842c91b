"""Tags of a case: from a rule to the queue that is narrowed to one, and changed by people."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Department, Role
from inbox.case_page.event_lines import event_line
from inbox.cases import verbs
from inbox.cases.tags import tag_case
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.models import Case, CaseEvent, Verb
from routing.models import RoutingExample
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from tests.factories import NOW, DepartmentFactory, UserFactory
from tests.inbox.fake_connector import message


@pytest.fixture
def case(feed):
    """A case that a rule has tagged, beside one that it has not."""
    words = {"field": "words", "any": ["burnt"]}
    tags = ("Safety", "spring sale", "press", "<b>four</b>")
    editing.add_rule(RuleContent("Burns", words, feed.departments["billing"], tags=tags), None, "", NOW)
    versions.clear_rules_cache()
    feed.store(
        message("1", "I burnt my hand", by="5", minute=9), message("2", "Hello there", by="6", minute=8)
    )
    return Case.objects.get(messages__canonical_id="1")


@pytest.fixture
def agent(feed, client):
    agent = UserFactory(departments=feed.departments.values())
    client.force_login(agent)
    return agent


def queue(client, **query):
    return client.get(reverse("inbox:queue"), query).content.decode()


def test_what_a_rule_tags_is_seen_in_the_queue_and_on_the_case(client, case, agent):
    rows = queue(client)
    assert "#Safety" in rows
    assert 'title="Tags: press, &lt;b&gt;four&lt;/b&gt;">+2<' in rows
    body = client.get(reverse("inbox:case", args=[case.pk])).content.decode()
    assert "?tag=spring%20sale" in body
    assert "&lt;b&gt;four&lt;/b&gt;" in body
    assert "<b>four</b>" not in body


@pytest.mark.parametrize(
    "view", ["queue", "queue_unassigned", "queue_mine", "queue_watching", "queue_resolved"]
)
@pytest.mark.parametrize("sort", ["", "waiting", "due"])
def test_a_queue_is_narrowed_to_a_tag(client, case, agent, view, sort):
    found = client.get(reverse(f"inbox:{view}"), {"tag": "Safety", "sort": sort}).content.decode()
    assert ("I burnt my hand" in found) == (view in ("queue", "queue_unassigned"))
    assert "Hello there" not in found
    assert "<bdi>#Safety</bdi>" in found


def test_the_filter_is_taken_away_with_one_click_and_others_stay(client, case, agent):
    body = " ".join(queue(client, tag="Safety", network="x").split())
    assert 'href="/?network=x" title="Remove this filter"' in body
    assert 'class="clear" href="/"' in body
    assert "No cases match these filters" in queue(client, tag="safety")
    assert queue(client, tag="\x00\ud800".encode("utf-8", "surrogatepass").decode("latin-1"))


def test_people_change_the_tags_and_the_case_says_so(client, case, agent):
    address = reverse("inbox:case_tags", args=[case.pk])
    body = client.post(address, {"tags": " Safety ,legal,, legal"}, follow=True).content.decode()
    assert "The case&#x27;s tags are saved." in body
    case.refresh_from_db()
    assert case.tags == ["Safety", "legal"]
    event = CaseEvent.objects.get(verb=Verb.CASE_TAGGED)
    assert event_line(event).endswith(
        "tagged the case “legal” and removed the tag “spring sale”, “press”, “<b>four</b>” from the case"
    )
    client.post(address, {"tags": "Safety, legal"})
    assert CaseEvent.objects.filter(verb=Verb.CASE_TAGGED).count() == 1
    client.post(address, {"tags": ""})
    case.refresh_from_db()
    assert case.tags == []


def test_too_much_is_refused_and_kept(client, case, agent):
    refused = client.post(reverse("inbox:case_tags", args=[case.pk]), {"tags": "y" * 41})
    assert refused.status_code == 422
    assert "too long for a tag" in refused.content.decode()
    assert "y" * 41 in refused.content.decode()
    with pytest.raises(Invalid, match="21 tags"):
        tag_case(case.pk, agent, ",".join(map(str, range(21))), now=NOW)


def test_who_only_reads_tags_nothing(case, feed):
    analyst = UserFactory(role=Role.ANALYST, departments=feed.departments.values())
    with pytest.raises(NotAllowed):
        tag_case(case.pk, analyst, "vip", now=NOW)
    with pytest.raises(Case.DoesNotExist):
        tag_case(case.pk, UserFactory(), "vip", now=NOW)


class TestATagThatNamesADepartment:
    """Retagging says where the case belongs: the router learns it, and the case stays where it is."""

    @pytest.fixture
    def mine(self, feed, case):
        """The case without the rule's tags: routing sent it to billing."""
        Case.objects.filter(pk=case.pk).update(tags=[])
        return case

    def taught(self):
        return [(one.text, one.department, one.source) for one in RoutingExample.objects.all()]

    @pytest.mark.parametrize("tag", ["service", "customer SERVICE", "Parcel  lost"])
    def test_teaches_where_it_belongs(self, client, feed, mine, agent, tag):
        service = feed.departments["service"]
        Department.objects.filter(pk=service.pk).update(name="Customer service", tags=["parcel lost"])
        address = reverse("inbox:case_tags", args=[mine.pk])
        body = client.post(address, {"tags": f"hot, {tag}"}, follow=True).content.decode()
        assert "learns that it belongs to Customer service; it stays here until you hand it over" in body
        assert self.taught() == [("I burnt my hand", "service", "retagged")]
        mine.refresh_from_db()
        assert mine.department == feed.departments["billing"]
        assert "the router learns that it belongs to Customer service" in event_line(CaseEvent.objects.last())

    @pytest.mark.parametrize("tags", ["hot", "billing", "service, tech", "service, billing"])
    def test_nothing_is_taught_by_what_names_none_or_several_or_where_routing_sent_it(
        self, mine, agent, tags
    ):
        DepartmentFactory(slug="tech")
        assert tag_case(mine.pk, agent, tags, now=NOW) is None
        assert self.taught() == []

    def test_a_closed_department_is_not_meant(self, feed, mine, agent):
        Department.objects.filter(slug="service").update(is_open=False)
        assert tag_case(mine.pk, agent, "service", now=NOW) is None

    def test_taking_the_tag_away_unsays_it_and_other_tags_do_not(self, mine, agent):
        tag_case(mine.pk, agent, "service", now=NOW)
        tag_case(mine.pk, agent, "service, hot", now=NOW)
        assert len(self.taught()) == 1
        tag_case(mine.pk, agent, "hot", now=NOW)
        assert self.taught() == []

    def test_tagged_with_where_routing_sent_it_unsays_it(self, mine, agent):
        tag_case(mine.pk, agent, "service", now=NOW)
        tag_case(mine.pk, agent, "billing", now=NOW)
        assert self.taught() == []

    def test_a_hand_over_has_said_more(self, feed, mine, agent):
        tech = DepartmentFactory(slug="tech")
        verbs.hand_over_case(mine.pk, agent, tech, "A fault", True, now=NOW)
        tag_case(mine.pk, UserFactory(role=Role.MANAGER, departments=[tech]), "service", now=NOW)
        assert [department for _, department, _ in self.taught()] == ["tech"]


def test_a_tag_is_found_by_its_index(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, parameters = Case.objects.filter(tags__contains=["press"]).query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "case_tags" in plan
