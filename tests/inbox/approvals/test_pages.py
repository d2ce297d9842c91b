"""The list of answers to approve and the pages of the rules: who, how many statements, and hostile words."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from accounts.models import AuditEntry, Role
from inbox.models import ApprovalRule, Approver, Case, Ramp, Reply
from inbox.queue.counts import open_counts
from tests.factories import DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.approvals.conftest import ask, make_rule
from tests.inbox.page_requests import HTMX, count_statements, signed_in

pytestmark = pytest.mark.django_db
LIST, RULES = "/approvals/", "/approval-rules/"
HOSTILE = "</textarea><script>alert(1)</script><b hx-get=/x>{{ 7|add:1 }}"


@pytest.fixture
def reply(question, new_agent):
    return ask(question, new_agent)


def waiting(brand, service, by, count):
    for _ in range(count):
        ask(MessageFactory(case__brand_account=brand, case__department=service), by)


class TestList:
    def test_the_count_is_the_list_for_everybody(self, reply, manager, colleague, brand, service, new_agent):
        waiting(brand, service, new_agent, 3)
        for user, count in ((manager, 4), (colleague, 0), (new_agent, 0)):
            page = signed_in(user).get(LIST).content.decode()
            assert (page.count("data-card"), open_counts(user).to_approve) == (count, count)
        assert 'data-go="p"' in signed_in(manager).get(LIST).content.decode()

    def test_statements_do_not_grow_with_the_list(self, reply, manager, brand, service, new_agent):
        client = signed_in(manager)
        few = count_statements(client, LIST)
        waiting(brand, service, new_agent, 15)
        assert count_statements(client, LIST) == few <= 9

    def test_oldest_first_and_on_to_the_next_page(self, reply, manager, brand, service, new_agent):
        waiting(brand, service, new_agent, 24)
        client = signed_in(manager)
        first = client.get(LIST)
        numbers = [row.reply.pk for row in first.context["rows"]]
        following = client.get(f"{LIST}?after={first.context['next']}")
        numbers += [row.reply.pk for row in following.context["rows"]]
        assert numbers == sorted(Reply.objects.values_list("pk", flat=True)) and len(numbers) == 25

    def test_without_scripts_decided_one_after_the_other(self, reply, manager, brand, service, new_agent):
        waiting(brand, service, new_agent, 2)
        client = signed_in(manager)
        first, second, third = client.get(LIST).context["rows"]
        fields = {"version": first.version, "following": first.following}
        answer = client.post(f"{LIST}{first.reply.pk}/approve/", fields)
        assert answer["Location"] == f"{LIST}#answer-{second.reply.pk}"
        answer = client.post(f"{LIST}{second.reply.pk}/changes/", {"words": "Say when."}, follow=True)
        assert "Changes asked for" in answer.content.decode()
        client.post(f"{LIST}{third.reply.pk}/decline/", {"words": "Not this."})
        assert client.get(LIST).context["rows"] == []
        states = list(Reply.objects.order_by("pk").values_list("state", flat=True))
        assert states == ["queued", "cancelled", "cancelled"]

    def test_what_was_typed_stays_after_a_refusal(self, reply, manager):
        client = signed_in(manager)
        version = client.get(LIST).context["rows"][0].version
        answer = client.post(f"{LIST}{reply.pk}/approve/", {"version": version, "text": "y" * 300})
        assert answer.status_code == 422 and "y" * 300 in answer.content.decode()
        answer = client.post(f"{LIST}{reply.pk}/changes/", {"words": ""})
        assert answer.status_code == 422 and "Say what to change" in answer.content.decode()

    def test_the_second_tab_is_told(self, reply, manager, boss):
        fields = {"words": "Not this."}
        assert signed_in(boss).post(f"{LIST}{reply.pk}/decline/", fields).status_code == 302
        answer = signed_in(manager).post(f"{LIST}{reply.pk}/changes/", {"words": "My long advice"})
        page = answer.content.decode()
        assert (
            answer.status_code == 409 and "Bea Ito declined this answer" in page and "My long advice" in page
        )

    def test_hostile_words_are_shown_as_words(self, question, new_agent, manager):
        type(question).objects.filter(pk=question.pk).update(text=HOSTILE)
        ask(question, new_agent, text=HOSTILE)
        page = signed_in(manager).get(LIST).content.decode()
        assert "<script>alert" not in page and page.count("&lt;script&gt;alert(1)") >= 3
        case = signed_in(new_agent).get(reverse("inbox:case", args=[question.case_id])).content.decode()
        assert "<script>alert" not in case

    def test_the_case_shows_it_with_its_state_and_who_may_approve(self, reply, manager, new_agent):
        address = reverse("inbox:case", args=[reply.case_id])
        own, theirs = (signed_in(user).get(address).content.decode() for user in (new_agent, manager))
        assert "waits for approval" in own and "Mia Dorn may approve it." in own and ">Withdraw" in own
        assert "You may approve it." in theirs and ">Decide<" in theirs and ">Withdraw" not in theirs
        assert "New colleague: 0 of 2 answers approved" in own

    def test_the_composer_says_it_before_and_asks(self, question, new_agent):
        client, address = signed_in(new_agent), reverse("inbox:case", args=[question.case_id])
        page = client.get(address).content.decode()
        assert "Needs approval before it is sent" in page and "Ask for approval" in page
        composer_id = page.split('name="composer_id" value="')[1].split('"')[0]
        fields = {"text": "Hello.", "parent": question.pk, "composer_id": composer_id, "asks_approval": "1"}
        fields |= {"version": Case.objects.get().version}
        shown = client.post(reverse("inbox:reply", args=[question.case_id]), fields, **HTMX).content.decode()
        assert "waits for approval" in shown


def test_who_gets_which_address(reply, manager, colleague, service, world_of_roles):
    for role, user in world_of_roles.items():
        client = signed_in(user)
        expected = {
            "approvals": role != "administrator" and role != "analyst",
            "rules": role in ("administrator", "other"),
        }
        assert client.get(LIST).status_code == (200 if expected["approvals"] else 404), role
        assert client.get(RULES).status_code == (200 if expected["rules"] else 404), role
        assert client.get(f"{RULES}new/").status_code == (200 if expected["rules"] else 404), role
        for what in ("approve", "changes", "decline"):
            status = client.post(f"{LIST}{reply.pk}/{what}/", {"words": "x", "version": 1}).status_code
            wanted = {"agent": 403, "other": 404, "community": 403}.get(role, 404)
            if role != "manager":
                assert status == wanted, (role, what)
            assert client.post(f"{LIST}987654/{what}/", {"words": "x"}).status_code == 404


@pytest.fixture
def world_of_roles(manager, colleague, brand, service):
    return {
        "agent": colleague,
        "other": UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()]),
        "community": UserFactory(role=Role.COMMUNITY, publishes=[brand]),
        "analyst": UserFactory(role=Role.ANALYST, departments=[service]),
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
    }


class TestRules:
    def test_a_rule_is_added_changed_switched_and_deleted(self, manager, service):
        client = signed_in(manager)
        fields = {"department": service.pk, "min_followers": "10000", "public_only": "on", "version": 0}
        client.post(f"{RULES}new/", fields)
        rule = ApprovalRule.objects.get()
        page = client.get(RULES).content.decode()
        assert "Public answers of Service to customers with at least 10,000 followers" in page
        answer = client.post(
            f"{RULES}{rule.pk}/", {"department": service.pk, "case_tag": "legal", "version": 1}
        )
        assert answer.status_code == 302
        rule.refresh_from_db()
        assert (rule.case_tag, rule.min_followers, rule.public_only, rule.version) == (
            "legal",
            None,
            False,
            2,
        )
        stale = client.post(f"{RULES}{rule.pk}/", {"department": service.pk, "case_tag": "pr", "version": 1})
        assert stale.status_code == 422 and "in the meantime" in stale.content.decode()
        client.post(f"{RULES}{rule.pk}/switch/", {"on": "0"})
        assert not ApprovalRule.objects.get().is_on
        client.post(f"{RULES}{rule.pk}/delete/")
        assert not ApprovalRule.objects.exists()
        kinds = AuditEntry.objects.filter(verb__startswith="settings.approval").order_by("pk")
        assert [entry.verb.split("-")[1] for entry in kinds] == ["added", "changed", "changed", "deleted"]

    def test_a_manager_keeps_to_their_departments(self, manager, service):
        other = make_rule(department=DepartmentFactory())
        everywhere = make_rule(min_followers=5)
        client = signed_in(manager)
        for rule in (other, everywhere):
            for address in ("", "switch/", "delete/"):
                assert client.post(f"{RULES}{rule.pk}/{address}", {"on": "0"}).status_code == 404
        for department in ("", other.department_id):
            answer = client.post(f"{RULES}new/", {"department": department, "case_tag": "x", "version": 0})
            assert answer.status_code == 422
        assert ApprovalRule.objects.count() == 2

    def test_a_rule_without_conditions_is_refused(self):
        client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
        answer = client.post(f"{RULES}new/", {"public_only": "on", "version": 0})
        assert answer.status_code == 422 and "at least one condition" in answer.content.decode()

    def test_people_are_marked_as_new_and_let_go(self, manager, agent):
        client = signed_in(manager)
        client.post(f"{RULES}new-people/", {"ramp-person": agent.pk, "ramp-needed": 5})
        Ramp.objects.update(approved=2)
        client.post(f"{RULES}new-people/", {"ramp-person": agent.pk, "ramp-needed": 8})
        assert (Ramp.objects.get().needed, Ramp.objects.get().approved) == (8, 2)
        assert "2 of 8 approved" in client.get(RULES).content.decode()
        client.post(f"{RULES}new-people/", {"ramp-person": agent.pk, "ramp-needed": 0})
        assert not Ramp.objects.exists()
        stranger = UserFactory()
        for person in (stranger, manager):
            answer = client.post(f"{RULES}new-people/", {"ramp-person": person.pk, "ramp-needed": 5})
            assert answer.status_code == 422

    def test_the_right_to_approve_is_given_and_taken(self, manager, colleague, service):
        client = signed_in(manager)
        fields = {"approver-person": colleague.pk, "approver-department": service.pk}
        shown = client.post(f"{RULES}approvers/", fields, follow=True)
        assert (
            "may approve answers of Service" in str(*get_messages(shown.wsgi_request))
            or Approver.objects.exists()
        )
        client.post(f"{RULES}approvers/", fields | {"may": "0"})
        assert not Approver.objects.exists()
        fields["approver-department"] = DepartmentFactory().pk
        assert client.post(f"{RULES}approvers/", fields).status_code == 422
        assert AuditEntry.objects.filter(verb="rights.approver").count() == 2

    def test_statements_do_not_grow_with_the_rules(self, service):
        client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
        make_rule(department=service)
        few = count_statements(client, RULES)
        for _ in range(20):
            make_rule(department=service, case_tag="x")
        assert count_statements(client, RULES) == few


def test_an_empty_list_leads_to_the_rules_whoever_may_change_them(manager, agent):
    def empty(user):
        return signed_in(user).get(LIST).content.decode().partition("Nothing to approve")[2]

    assert f'href="{RULES}"' in empty(manager)
    assert "Approval rules" not in empty(agent)
    assert "you get a notice" in empty(agent)
