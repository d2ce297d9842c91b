"""The pages of the rules: everyone reads, editors edit, what was typed is kept, and every edit is a version."""

from __future__ import annotations

import json
import uuid

import pytest
from django.urls import reverse

from accounts.models import Department, Role
from routing import editing
from routing.editing import Content
from routing.models import RoutingDefault, Rule, RuleSetVersion
from routing.rows import KINDS
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory


@pytest.fixture()
def manager(client, company):
    client.force_login(company.manager)
    return client


def page(name, *args):
    return reverse(f"routing:{name}", args=args)


def form(company, holds=(), unless=(), **more):
    """What a browser sends for a rule: rows as (kind, value)."""
    data = {
        "name": "Parking",
        "department": company.billing.pk,
        "priority": "1",
        "tags": "cars, cars, street",
        "needs_answer": "yes",
        "enabled": "on",
        "mode": "rows",
        "group": "any",
        "tree": "",
        "note": "Because",
        "seen": "3",
    }
    for prefix, rows in (("if", holds), ("unless", unless)):
        data |= {f"{prefix}-TOTAL_FORMS": str(len(rows) + 2), f"{prefix}-INITIAL_FORMS": "0"}
        for at, (kind, value) in enumerate([*rows, ("words:any", ""), ("words:any", "")]):
            data |= {f"{prefix}-{at}-kind": kind, f"{prefix}-{at}-value": value}
    return {key: value for key, value in (data | more).items() if value is not None}


def text(response):
    return response.content.decode()


def latest():
    return RuleSetVersion.objects.first().number


# Who may

READS = ["rule_list", "versions"]
EDITS = [
    ("get", "rule_new", False),
    ("post", "rule_new", False),
    ("get", "default_edit", False),
    ("post", "default_edit", False),
    ("post", "starter", False),
    ("get", "rule_edit", True),
    ("post", "rule_edit", True),
    ("get", "rule_delete", True),
    ("post", "rule_delete", True),
    ("post", "rule_toggle", True),
    ("post", "rule_move", True),
    ("post", "rule_duplicate", True),
]


@pytest.mark.parametrize("name", READS)
def test_a_stranger_is_asked_to_sign_in(client, company, name):
    assert client.get(page(name)).status_code == 302


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("role", Role.values)
def test_everyone_signed_in_may_read(client, company, name, role):
    client.force_login(UserFactory(role=role))
    assert client.get(page(name)).status_code == 200


@pytest.mark.parametrize("role", [Role.AGENT, Role.COMMUNITY, Role.ANALYST])
@pytest.mark.parametrize(("method", "name", "has_key"), EDITS)
def test_others_get_404_from_every_editing_page(client, company, role, method, name, has_key):
    client.force_login(UserFactory(role=role))
    address = page(name, *([company.refunds.key] if has_key else []))
    assert getattr(client, method)(address, form(company)).status_code == 404
    assert client.post(page("version_restore", 1)).status_code == 404
    assert latest() == 3


@pytest.mark.parametrize(("method", "name", "has_key"), EDITS)
def test_a_stranger_reaches_no_editing_page(client, company, method, name, has_key):
    address = page(name, *([company.refunds.key] if has_key else []))
    assert getattr(client, method)(address).status_code == 302
    assert latest() == 3


@pytest.mark.parametrize("name", ["rule_toggle", "rule_move", "rule_duplicate"])
def test_reading_changes_nothing(manager, company, name):
    assert manager.get(page(name, company.refunds.key)).status_code == 405
    assert manager.get(page("rule_try")).status_code == 405
    assert manager.get(page("version_restore", 1)).status_code == 405
    assert manager.get(page("rule_delete", company.refunds.key)).status_code == 200
    assert latest() == 3
    assert Rule.objects.count() == 2


@pytest.mark.parametrize("name", ["rule_edit", "rule_toggle", "rule_move", "rule_duplicate", "rule_delete"])
def test_a_rule_that_is_not_there_is_404(manager, company, name):
    assert manager.post(page(name, uuid.uuid4()), form(company) | {"direction": "up"}).status_code == 404


def test_a_form_without_its_token_is_refused(company):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(company.manager)
    assert client.post(page("rule_duplicate", company.refunds.key)).status_code == 403


# The list


def test_the_list_says_each_rule_in_plain_words_and_in_order(manager, company):
    body = text(manager.get(page("rule_list")))
    assert "the words “refund” or “charged twice”" in body
    assert body.index("Refunds") < body.index("Faults") < body.index("Everything else")
    assert "Version 3, live" in body
    assert "High priority" in body


def test_readers_see_no_buttons_that_would_be_refused(client, company):
    client.force_login(company.agent)
    body = text(client.get(page("rule_list")))
    assert "Refunds" in body
    assert "Switch off" not in body
    assert page("rule_new") not in body


def test_the_list_costs_the_same_for_two_rules_and_for_thirty(
    manager, company, django_assert_max_num_queries
):
    def count():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            manager.get(page("rule_list"))
        return len(captured)

    count()
    few = count()
    for n in range(28):
        editing.add_rule(
            Content(f"R{n}", company.refunds.condition, company.billing), company.manager, "", NOW
        )
    assert count() == few


def test_a_script_in_a_name_is_shown_as_text(manager, company):
    Rule.objects.filter(pk=company.refunds.pk).update(name="<script>alert(1)</script>", tags=["<b>x</b>"])
    for address in (
        page("rule_list"),
        page("rule_edit", company.refunds.key),
        page("rule_delete", company.refunds.key),
    ):
        body = text(manager.get(address))
        assert "<script>alert" not in body
        assert "&lt;script&gt;alert" in body


def test_switching_off_and_on(manager, company):
    response = manager.post(page("rule_toggle", company.refunds.key), {"enabled": "0"})
    assert response["Location"].endswith(f"#rule-{company.refunds.key}")
    assert Rule.objects.get(pk=company.refunds.pk).enabled is False
    assert RuleSetVersion.objects.first().note == "Switched off “Refunds”"
    manager.post(page("rule_toggle", company.refunds.key), {"enabled": "1"})
    assert Rule.objects.get(pk=company.refunds.pk).enabled is True
    assert latest() == 5


def test_moving_up_down_and_to_a_place(manager, company):
    order = lambda: list(Rule.objects.values_list("name", flat=True))  # noqa: E731
    manager.post(page("rule_move", company.faults.key), {"direction": "up"})
    assert order() == ["Faults", "Refunds"]
    manager.post(page("rule_move", company.faults.key), {"direction": "down"})
    assert order() == ["Refunds", "Faults"]
    manager.post(page("rule_move", company.faults.key), {"to": "1"})
    assert order() == ["Faults", "Refunds"]
    number = latest()
    response = manager.post(page("rule_move", company.faults.key), {"to": "٣x"}, follow=True)
    assert "Say where to move the rule" in text(response)
    assert latest() == number


def test_deleting_asks_first(manager, company):
    assert "Delete “" in text(manager.get(page("rule_delete", company.refunds.key)))
    assert Rule.objects.count() == 2
    manager.post(page("rule_delete", company.refunds.key))
    assert list(Rule.objects.values_list("name", flat=True)) == ["Faults"]


def test_duplicating_makes_a_copy_that_is_off(manager, company):
    manager.post(page("rule_duplicate", company.refunds.key))
    assert Rule.objects.get(name="Refunds (copy)").enabled is False


# Try it


@pytest.mark.parametrize("signed_in_as", ["agent", "manager"])
def test_trying_a_text_names_the_rule_and_the_reason(client, company, signed_in_as):
    client.force_login(getattr(company, signed_in_as))
    body = text(
        client.post(page("rule_try"), {"text": "It is broken, I want a refund <script>", "network": "x"})
    )
    assert "Billing (rule “Refunds”, version 3)" in body
    assert "These rules hold too" in body
    assert "Service (rule “Faults”, version 3)" in body
    assert "&lt;script&gt;" in body


def test_trying_without_any_rule_set_says_what_to_do(client, db):
    client.force_login(UserFactory(role=Role.AGENT))
    assert "install the starter rules" in text(client.post(page("rule_try"), {"text": "hi", "network": "x"}))


def test_trying_nothing_is_a_form_error(manager):
    assert "This field is required" in text(manager.post(page("rule_try"), {"text": "", "network": "x"}))


# New and edit


def test_a_new_rule_is_live_after_saving(manager, company):
    sent = form(
        company, [("words:any", "car park, permit*"), ("followers:gte", "1,000")], [("network", "Facebook")]
    )
    response = manager.post(page("rule_new"), sent)
    rule = Rule.objects.get(name="Parking")
    assert response.status_code == 302
    assert (rule.position, rule.priority, rule.tags, rule.needs_answer, rule.enabled) == (
        3,
        1,
        ["cars", "street"],
        True,
        True,
    )
    assert rule.condition == {
        "all": [
            {
                "any": [
                    {"field": "words", "any": ["car park", "permit*"]},
                    {"field": "followers", "gte": 1000},
                ]
            },
            {"none": [{"field": "network", "is": ["facebook"]}]},
        ]
    }
    version = RuleSetVersion.objects.first()
    assert (version.number, version.created_by, version.note) == (4, company.manager, "Because")


def test_editing_shows_the_rows_again_and_keeps_the_place(manager, company):
    body = text(manager.get(page("rule_edit", company.refunds.key)))
    assert "refund, charged twice" in body
    manager.post(
        page("rule_edit", company.refunds.key), form(company, [("words:any", "money back")], name="Refunds")
    )
    rule = Rule.objects.get(key=company.refunds.key)
    assert rule.condition == {"any": [{"field": "words", "any": ["money back"]}]}
    assert rule.position == 1


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("pattern", "a(?=b)", "Look-ahead and look-behind are not supported"),
        ("pattern", "(", "The pattern cannot be read: missing )"),
        ("words:any", "…", "holds no letter or digit"),
        ("followers:gte", "many", "“many” is not a number of followers"),
        ("followers:gte", "1.5", "“1.5” is not a number of followers"),
        ("verified", "perhaps", "needs “is” with true or false"),
        ("brand_account", "@us", "is not a brand account"),
        ("words:any", "x\x00y", "Null characters are not allowed"),
    ],
)
def test_a_row_that_is_wrong_says_what_and_keeps_what_was_typed(manager, company, kind, value, problem):
    response = manager.post(page("rule_new"), form(company, [("words:any", "kept words"), (kind, value)]))
    assert response.status_code == 422
    body = text(response)
    assert problem in body.replace("&#x27;", "'")
    assert "kept words" in body
    assert "Not saved. What you typed is kept" in body
    assert latest() == 3


def test_bytes_that_are_no_text_are_no_error_of_ours(manager, company):
    sent = form(company, [("words:any", "WORD")])
    body = "&".join(f"{key}={value}" for key, value in sent.items()).replace("WORD", "ok, x%ED%A0%80y")
    response = manager.generic(
        "POST", page("rule_new"), body, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code in (302, 422)


def test_a_rule_without_any_row_is_refused(manager, company):
    response = manager.post(page("rule_new"), form(company))
    assert response.status_code == 422
    assert "Fill in at least one row" in text(response)


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        ("", "This is not JSON"),
        ("{", "This is not JSON"),
        ("[" * 100_000, "Groups are nested far too deep"),
        ('{"any": [{"field": "mood", "is": ["x"]}]}', "any[0]: There is no field “mood”"),
        ('{"field": "followers", "gte": ' + "9" * 5_000 + "}", "This is not JSON"),
        ('{"field": "followers", "gte": 1e200000}', "is not a number of followers"),
        ('{"field": "words", "any": ["\\ud800"]}', "cannot be stored"),
    ],
)
def test_a_tree_that_is_wrong_says_where(manager, company, tree, problem):
    response = manager.post(page("rule_new"), form(company, mode="tree", tree=tree))
    assert response.status_code == 422
    assert problem in text(response)
    assert latest() == 3


def test_a_nested_tree_is_saved_and_shown_as_a_tree(manager, company):
    tree = {
        "any": [
            {"all": [{"field": "verified", "is": True}, {"field": "words", "any": ["press"]}]},
            {"field": "is_reply", "is": True},
        ]
    }
    manager.post(page("rule_new"), form(company, mode="tree", tree=json.dumps(tree)))
    rule = Rule.objects.get(name="Parking")
    assert rule.condition == tree
    body = text(manager.get(page("rule_edit", rule.key)))
    assert 'value="tree" checked' in body
    assert "&quot;verified&quot;" in body


def test_a_rule_cannot_be_sent_to_a_closed_department(manager, company):
    response = manager.post(
        page("rule_new"), form(company, [("words:any", "x1")], department=company.closed.pk)
    )
    assert response.status_code == 422
    assert "Select a valid choice" in text(response)


def test_a_rule_whose_department_was_closed_can_be_switched_off_but_not_kept_on(manager, company):
    Department.objects.filter(pk=company.billing.pk).update(is_open=False)
    sent = form(company, [("words:any", "x1")])
    response = manager.post(page("rule_edit", company.refunds.key), sent)
    assert "Billing is closed" in text(response)
    assert manager.post(page("rule_edit", company.refunds.key), sent | {"enabled": ""}).status_code == 302


def test_someone_elses_change_in_between_is_not_overwritten_unseen(manager, company):
    editing.switch_rule(company.refunds.key, False, company.manager, NOW)
    sent = form(company, [("words:any", "mine")], seen="3")
    response = manager.post(page("rule_edit", company.refunds.key), sent)
    assert response.status_code == 422
    body = text(response)
    assert "Maria Berg changed this rule in the meantime (version 4)" in body
    assert "mine" in body
    assert 'name="seen" value="4"' in body
    assert manager.post(page("rule_edit", company.refunds.key), sent | {"seen": "4"}).status_code == 302


def test_a_change_to_another_rule_in_between_is_no_conflict(manager, company):
    editing.switch_rule(company.faults.key, False, company.manager, NOW)
    sent = form(company, [("words:any", "mine")], seen="3")
    assert manager.post(page("rule_edit", company.refunds.key), sent).status_code == 302


def test_more_rows_keeps_what_was_typed_and_saves_nothing(manager, company):
    sent = form(company, [("words:any", "kept words")]) | {"more": "1"}
    response = manager.post(page("rule_new"), sent)
    assert response.status_code == 200
    assert "kept words" in text(response)
    assert 'name="if-4-value"' in text(response)
    assert latest() == 3


@pytest.mark.parametrize(
    ("message", "answer"), [("a permit please", "The condition holds"), ("hello", "does not hold")]
)
def test_trying_the_condition_saves_nothing(manager, company, message, answer):
    sent = form(company, [("words:any", "permit")]) | {"try": "1", "try_text": message}
    response = manager.post(page("rule_new"), sent)
    assert answer in text(response)
    assert message in text(response)
    assert latest() == 3


@pytest.mark.parametrize("total", ["", "-1", "999999", "x"])
def test_a_forged_number_of_rows_is_no_error_of_ours(manager, company, total):
    for button in ({}, {"more": "1"}, {"try": "1"}):
        sent = form(company, [("words:any", "x1")]) | {"if-TOTAL_FORMS": total} | button
        assert manager.post(page("rule_new"), sent).status_code in (200, 422)
    assert manager.post(page("rule_new"), {}).status_code == 422
    assert latest() == 3


def test_the_form_names_every_brand_account(manager, company):
    account = BrandAccountFactory()
    body = text(manager.get(page("rule_new")))
    assert f"{account.network}:{account.remote_id}" in body
    assert all(label in body for label in KINDS.values())


# Default, starter rules, versions


def test_the_default_is_changed_with_a_version(manager, company):
    manager.post(page("default_edit"), {"department": company.billing.pk})
    assert RoutingDefault.objects.get().department == company.billing
    assert RuleSetVersion.objects.first().note == "Default is Billing"


def test_the_default_cannot_be_closed_or_empty(manager, company):
    for department in (company.closed.pk, "", "x"):
        assert manager.post(page("default_edit"), {"department": department}).status_code == 422
    assert RoutingDefault.objects.get().department == company.service


def test_the_starter_rules_come_only_where_there_are_none(client, db):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    DepartmentFactory(slug="service")
    DepartmentFactory(slug="tech")
    assert "Use the starter rules" in text(client.get(page("rule_list")))
    client.post(page("starter"))
    assert Rule.objects.exists()
    assert set(Rule.objects.values_list("department__slug", flat=True)) <= {"service", "tech"}
    number = latest()
    assert "no rules in their way" in text(client.post(page("starter"), follow=True))
    assert latest() == number


def test_versions_say_who_what_and_when(manager, company):
    editing.switch_rule(company.refunds.key, False, company.manager, NOW)
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    body = text(manager.get(page("versions")))
    for line in (
        "Removed “Refunds”",
        "Order changed",
        "“Refunds” switched off",
        "Added “Faults”",
        "Maria Berg",
    ):
        assert line in body
    assert body.count("Go back to version") == 5


def test_going_back_takes_one_click(manager, company):
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    response = manager.post(page("version_restore", 3), follow=True)
    assert "Version 3 is back, as version 5." in text(response)
    assert Rule.objects.filter(key=company.refunds.key).exists()
    assert manager.post(page("version_restore", 99)).status_code == 404


def test_old_versions_are_on_further_pages(manager, company, monkeypatch):
    monkeypatch.setattr("routing.views.VERSIONS", 2)
    body = text(manager.get(page("versions")))
    assert "?before=2" in body
    assert 'id="version-1"' not in body
    assert 'id="version-1"' in text(manager.get(page("versions") + "?before=2"))
    for before in ("x", "-1", "9" * 40, "0"):
        assert manager.get(page("versions"), {"before": before}).status_code == 200
