"""The pages of the rules: everyone reads, editors edit, what was typed is kept, and every edit is a version."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Department, Role, Skill
from routing.models import RoutingDefault, Rule, RuleSetVersion
from routing.rule_editor.choices import FIELD_GROUPS
from routing.rules import editing
from routing.rules.editing import RuleContent
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory
from tests.markup import squeezed


@pytest.fixture()
def manager(client, company):
    client.force_login(company.manager)
    return client


def page(name, *args):
    return reverse(f"routing:{name}", args=args)


def rows(group, parts, path="c"):
    """The fields of a group: parts are rows (field, op, values…) or groups ("any", [parts])."""
    sent = {f"{path}.group": group}
    for at, part in enumerate(parts):
        here = f"{path}.{at}"
        if isinstance(part[1], list):
            sent |= rows(part[0], part[1], here)
        else:
            field, op, *values = part
            sent |= {f"{here}.field": field, f"{here}.op": op, f"{here}.value": values}
    return sent


def form(company, *parts, group="any", **more):
    """What a browser sends for a rule."""
    data = {
        "name": "Parking",
        "department": company.billing.pk,
        "priority": "1",
        "tags": "cars, cars, street",
        "needs_answer": "yes",
        "enabled": "on",
        "tree": "",
        "note": "Because",
        "seen": "3",
        **rows(group, parts),
    }
    return {key: value for key, value in (data | more).items() if value is not None}


def words(*found):
    return ("words", "any", ", ".join(found))


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
    ("post", "draft_begin", False),
    ("get", "draft_publish", False),
    ("post", "draft_publish", False),
    ("post", "draft_update", False),
    ("post", "draft_discard", False),
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
def test_a_manager_of_no_department_reads_only(client, company, method, name, has_key):
    client.force_login(UserFactory(role=Role.MANAGER))
    address = page(name, *([company.refunds.key] if has_key else []))
    assert getattr(client, method)(address, form(company)).status_code == 404
    assert page("rule_new") not in text(client.get(page("rule_list")))


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
    assert "If a message says “refund” or “charged twice”" in body
    assert body.index("Refunds") < body.index("Faults") < body.index("Everything else")
    assert "Version 3, live" in body
    assert '<span class="chip dept">Service</span>' in body.split("Everything else")[1]
    assert "Department closed" not in body
    assert "High priority" in body


def test_the_list_names_where_everything_else_goes(manager, company):
    body = text(manager.get(page("rule_list")))
    rest = body[body.index("Everything else") :]
    assert f'<span class="chip dept">{company.service.name}</span>' in rest
    assert "Department closed" not in rest


def test_readers_see_no_buttons_that_would_be_refused(client, company):
    client.force_login(company.agent)
    body = text(client.get(page("rule_list")))
    assert "Refunds" in body
    assert "Switch off" not in body
    assert page("rule_new") not in body


@pytest.mark.slow
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
            RuleContent(f"R{n}", company.refunds.condition, company.billing), company.manager, "", NOW
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
    assert "Choose a place for the rule" in text(response)
    assert latest() == number


def test_deleting_asks_first(manager, company):
    assert "Delete “" in text(manager.get(page("rule_delete", company.refunds.key)))
    assert Rule.objects.count() == 2
    manager.post(page("rule_delete", company.refunds.key))
    assert list(Rule.objects.values_list("name", flat=True)) == ["Faults"]


def test_duplicating_makes_a_copy_that_is_off(manager, company):
    response = manager.post(page("rule_duplicate", company.refunds.key))
    copy = Rule.objects.get(name="Refunds (copy)")
    assert copy.enabled is False
    assert response["Location"].endswith(f"#rule-{copy.key}")


@pytest.mark.slow
def test_a_rule_names_only_who_works_on_cases_and_the_editor_says_where(manager, company):
    about = {"last_name": "Ek", "departments": [company.billing]}
    UserFactory(username="ana", first_name="Ana", role=Role.ANALYST, **about)
    UserFactory(username="bo", first_name="Bo", **{**about, "departments": []})
    cy = UserFactory(username="cy", first_name="Cy", **about)
    assert "Ana Ek" not in text(manager.get(page("rule_new")))
    assert "Cy Ek (cy)" in text(manager.get(page("rule_new")))
    manager.post(page("rule_edit", company.refunds.key), form(company, words("x1"), person="cy"))
    cy.memberships.all().delete()
    odd = "Cy Ek does not work on cases of Billing: they go to anybody in the department."
    assert odd in text(manager.get(page("rule_list")))
    assert odd in text(manager.get(page("rule_edit", company.refunds.key)))
    cy.memberships.create(department=company.billing)
    assert odd not in text(manager.get(page("rule_edit", company.refunds.key)))
    type(cy).objects.filter(pk=cy.pk).update(role=Role.ANALYST)
    assert odd in text(manager.get(page("rule_list")))


# Try it


@pytest.mark.parametrize("signed_in_as", ["agent", "manager"])
def test_trying_a_text_names_the_rule_and_the_reason(client, company, signed_in_as):
    client.force_login(getattr(company, signed_in_as))
    body = text(
        client.post(page("rule_try"), {"text": "It is broken, I want a refund <script>", "network": "x"})
    )
    assert "Billing (rule “Refunds”, version 3)" in body
    assert "Also matching, further down" in body
    assert "Service (rule “Faults”, version 3)" in body
    assert "&lt;script&gt;" in body


def test_what_also_matches_is_not_taken_for_a_draft_of_a_colleague(manager):
    body = text(manager.post(page("rule_try"), {"text": "It is broken, I want a refund", "network": "x"}))
    assert "Also matching, further down" in body
    assert "is working on a draft" not in body


def test_trying_without_any_rule_set_says_what_to_do(client, db):
    client.force_login(UserFactory(role=Role.AGENT))
    assert "install the starter rules" in text(client.post(page("rule_try"), {"text": "hi", "network": "x"}))


def test_trying_nothing_is_a_form_error(manager):
    assert "Paste a message first" in text(manager.post(page("rule_try"), {"text": "", "network": "x"}))


# New and edit


def test_a_new_rule_is_live_after_saving(manager, company):
    sent = form(
        company,
        ("any", [words("car park", "permit*"), ("followers", "gte", "1,000")]),
        ("network", "not is", "facebook"),
        group="all",
        person="",
        dismiss="on",
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
    assert rule.dismiss is True
    version = RuleSetVersion.objects.first()
    assert (version.number, version.created_by, version.note) == (4, company.manager, "Because")


def test_editing_shows_the_rows_again_and_keeps_the_place(manager, company):
    body = text(manager.get(page("rule_edit", company.refunds.key)))
    assert "refund, charged twice" in body
    manager.post(page("rule_edit", company.refunds.key), form(company, words("money back"), name="Refunds"))
    rule = Rule.objects.get(key=company.refunds.key)
    assert rule.condition == {"any": [{"field": "words", "any": ["money back"]}]}
    assert rule.position == 1


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("pattern", "matches", "a(?=b)"), "Look-ahead and look-behind are not supported"),
        (("pattern", "matches", "("), "The pattern cannot be read: missing )"),
        (("words", "any", "…"), "has no letter or digit"),
        (("followers", "gte", "many"), "“many” is not a number of followers"),
        (("followers", "gte", "1.5"), "“1.5” is not a number of followers"),
        (("followers", "between", "20 - 10"), "swap the two numbers"),
        (("brand_account", "is", "@us"), "is not a brand account"),
        (("network", "is"), "Fill this in, or remove the row."),
        (("words", "any", "x\x00y"), "cannot be stored"),
        (("any", []), "This group is empty"),
    ],
)
def test_a_row_that_is_wrong_says_what_and_keeps_what_was_typed(manager, company, row, problem):
    response = manager.post(page("rule_new"), form(company, words("kept words"), row))
    assert response.status_code == 422
    body = text(response)
    assert problem in body.replace("&#x27;", "'")
    assert "kept words" in body
    assert "Not saved. What you typed is kept" in body
    assert latest() == 3


def test_bytes_that_are_no_text_are_no_error_of_ours(manager, company):
    sent = form(company, words("WORD"))
    body = urlencode(sent, doseq=True).replace("WORD", "ok, x%ED%A0%80y")
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


def test_json_is_shown_as_rows_again_however_nested(manager, company):
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
    assert 'name="c.0.1.value"' in body
    assert ">press</textarea>" in body
    assert 'name="mode" value="tree" checked' not in body


def test_what_rows_cannot_show_is_edited_as_json(manager, company):
    tree = {"any": [{"field": "words", "any": [f"word{n}"]} for n in range(500)]}
    manager.post(page("rule_new"), form(company, mode="tree", tree=json.dumps(tree)))
    rule = Rule.objects.get(name="Parking")
    body = text(manager.get(page("rule_edit", rule.key)))
    assert '<input type="hidden" name="mode" value="tree">' in body
    assert 'name="c.group"' not in body


def test_a_rule_cannot_be_sent_to_a_closed_department(manager, company):
    response = manager.post(page("rule_new"), form(company, words("x1"), department=company.closed.pk))
    assert response.status_code == 422
    assert "Select a valid choice" in text(response)


def test_a_rule_whose_department_was_closed_can_be_switched_off_but_not_kept_on(manager, company):
    Department.objects.filter(pk=company.billing.pk).update(is_open=False)
    sent = form(company, words("x1"))
    response = manager.post(page("rule_edit", company.refunds.key), sent)
    assert "Billing is closed" in text(response)
    assert manager.post(page("rule_edit", company.refunds.key), sent | {"enabled": ""}).status_code == 302


def test_someone_elses_change_in_between_is_not_overwritten_unseen(manager, company):
    editing.switch_rule(company.refunds.key, False, company.manager, NOW)
    sent = form(company, words("mine"), seen="3")
    response = manager.post(page("rule_edit", company.refunds.key), sent)
    assert response.status_code == 422
    body = text(response)
    assert "Maria Berg changed this rule in the meantime (version 4)" in body
    assert "Now it is “Refunds”: the word" in body
    assert "→ Billing, switched off" in body
    assert "mine" in body
    assert 'name="seen" value="4"' in body
    assert manager.post(page("rule_edit", company.refunds.key), sent | {"seen": "4"}).status_code == 302


def test_a_change_to_another_rule_in_between_is_no_conflict(manager, company):
    editing.switch_rule(company.faults.key, False, company.manager, NOW)
    sent = form(company, words("mine"), seen="3")
    assert manager.post(page("rule_edit", company.refunds.key), sent).status_code == 302


@pytest.mark.parametrize(
    ("action", "there", "gone"),
    [
        ("row c", "c.2.field", "c.3.field"),
        ("group c", "c.2.0.field", "c.3.field"),
        ("row c.1", "c.1.1.field", "c.2.field"),
        ("drop c.1", "c.0.field", "c.1.0.field"),
        ("drop c.1.0", "c.1.group", "c.1.0.field"),
        ("look", "c.1.0.field", "c.2.field"),
        ("row c.7", "c.1.0.field", "c.2.field"),
        ("nonsense", "c.1.0.field", "c.2.field"),
    ],
)
def test_rows_and_groups_come_and_go_without_a_script_and_nothing_is_saved(
    manager, company, action, there, gone
):
    sent = form(company, words("kept words"), ("all", [("network", "is", "x")])) | {"do": action}
    response = manager.post(page("rule_new"), sent)
    body = text(response)
    assert response.status_code == 200
    assert "kept words" in body
    assert f'name="{there}"' in body
    assert f'name="{gone}"' not in body
    assert latest() == 3


def test_another_field_brings_its_own_operators_and_values(manager, company):
    sent = form(company, ("sentiment", "any", "old words")) | {"do": "look"}
    body = text(manager.post(page("rule_new"), sent))
    assert 'value="negative"' in body
    assert "old words" not in body


def test_what_the_rule_does_is_said_while_it_is_written(manager, company):
    sent = form(company, words("permit"), ("network", "is")) | {"do": "look"}
    said = text(manager.post(page("rule_new"), sent, headers={"hx-request": "true", "hx-target": "said"}))
    assert "<html" not in said
    assert "says “permit”" in said
    assert "Billing" in said
    swapped = text(
        manager.post(page("rule_new"), sent, headers={"hx-request": "true", "hx-target": "condition"})
    )
    assert "<html" not in swapped
    assert 'id="condition"' in swapped
    assert 'hx-swap-oob="true"' in swapped


def test_an_odd_rule_is_said_while_it_is_written(manager, company):
    sent = form(company, words("refund")) | {"do": "look"}
    said = text(manager.post(page("rule_new"), sent, headers={"hx-request": "true", "hx-target": "said"}))
    assert "Is never reached: “Refunds” (place 1) matches everything" in said


@pytest.mark.parametrize(
    ("message", "answer"), [("a permit please", "The condition matches"), ("hello", "does not match")]
)
def test_trying_the_condition_saves_nothing(manager, company, message, answer):
    sent = form(company, words("permit")) | {"try": "1", "try_text": message}
    response = manager.post(page("rule_new"), sent)
    assert answer in text(response)
    assert message in text(response)
    assert latest() == 3


@pytest.mark.parametrize(
    "forged",
    [
        {"c.group": "some"},
        {"c.0.field": "mood"},
        {"c.999.999.999.field": "words"},
        {"c" + ".0" * 40 + ".field": "words"},
        {"c.0.0.0.0.0.op": "gte"},
        {"c.x.field": "words"},
    ],
)
def test_forged_rows_are_no_error_of_ours(manager, company, forged):
    for button in ({}, {"do": "row c"}, {"do": "drop c"}, {"try": "1"}):
        sent = form(company, words("x1"), name="") | forged | button
        assert manager.post(page("rule_new"), sent).status_code in (200, 422)
    assert manager.post(page("rule_new"), {}).status_code == 422
    assert latest() == 3


def test_a_new_rule_can_ask_for_every_field(manager, company):
    account = BrandAccountFactory()
    body = text(manager.get(page("rule_new")))
    for members in FIELD_GROUPS.values():
        for name in members:
            assert f'<option value="{name}"' in body or name in ("hours", "about")
    sent = form(company, ("brand_account", "is")) | {"do": "look"}
    assert f"{account.network}:{account.remote_id}" in text(manager.post(page("rule_new"), sent))


def test_a_person_or_a_skill_is_named_not_both(manager, company):
    Skill.objects.create(slug="coffee", name="Coffee machines")
    sent = form(company, words("x1"), person=company.agent.username, skill="coffee")
    response = manager.post(page("rule_new"), sent)
    assert "Choose a person or a skill" in text(response)
    manager.post(page("rule_new"), sent | {"person": ""})
    assert Rule.objects.get(name="Parking").skill == "coffee"


# Drafts


def test_a_draft_gathers_edits_shows_them_and_is_published(manager, company):
    manager.post(page("draft_begin"))
    manager.post(page("rule_new"), form(company, words("permit")))
    manager.post(page("rule_move", company.faults.key), {"to": "1"})
    body = text(manager.get(page("rule_list")))
    assert "Your draft" in body
    assert "Added “Parking”" in body
    assert body.index("Faults") < body.index("Refunds")
    assert latest() == 3
    shown = text(manager.get(page("draft_publish")))
    assert "moved up, place" in shown
    response = manager.post(page("draft_publish"), {"note": "For the weekend"}, follow=True)
    assert "Published as version 4." in text(response)
    assert RuleSetVersion.objects.first().note == "For the weekend"
    assert list(Rule.objects.values_list("name", flat=True)) == ["Faults", "Refunds", "Parking"]


def test_one_rule_can_begin_a_draft(manager, company):
    response = manager.post(page("rule_new"), form(company, words("permit")) | {"draft": "1"}, follow=True)
    assert "“Parking” is in your draft, at place 3" in text(response)
    assert latest() == 3
    assert not Rule.objects.filter(name="Parking").exists()


def test_a_draft_is_thrown_away_and_the_live_rules_stay(manager, company):
    manager.post(page("draft_begin"))
    manager.post(page("rule_delete", company.refunds.key))
    assert "Refunds" not in text(manager.get(page("rule_list"))).split("Your draft")[1].split('id="rules"')[1]
    manager.post(page("draft_discard"))
    body = text(manager.get(page("rule_list")))
    assert "Your draft" not in body
    assert "Refunds" in body
    assert manager.get(page("draft_publish")).status_code == 302
    assert manager.post(page("draft_publish")).status_code == 302
    assert manager.post(page("draft_update")).status_code == 302


def test_a_clash_is_shown_with_both_sides_and_decided(manager, company):
    manager.post(page("draft_begin"))
    manager.post(page("rule_edit", company.refunds.key), form(company, words("mine"), name="Refunds"))
    other = UserFactory(role=Role.ADMINISTRATOR)
    editing.change_rule(
        company.refunds.key,
        RuleContent("Refunds", {"field": "words", "any": ["theirs"]}, company.billing),
        other,
        "",
        NOW,
    )
    assert "Others changed the same rules" in text(manager.get(page("rule_list")))
    response = manager.post(page("draft_publish"), {"note": ""})
    body = text(response)
    assert response.status_code == 409
    assert "the word “mine”" in body
    assert "the word “theirs”" in body
    assert latest() == 4
    manager.post(page("draft_update"), {f"choose-{company.refunds.key}": "mine"})
    manager.post(page("draft_publish"), {"note": ""})
    assert Rule.objects.get(key=company.refunds.key).condition == {
        "any": [{"field": "words", "any": ["mine"]}]
    }


def test_the_same_rule_in_two_windows_of_a_draft_is_not_overwritten_unseen(manager, company):
    manager.post(page("draft_begin"))
    body = text(manager.get(page("rule_edit", company.refunds.key)))
    mark = body.split('name="mark" value="')[1].split('"')[0]
    manager.post(page("rule_edit", company.refunds.key), form(company, words("first"), mark=mark))
    response = manager.post(page("rule_edit", company.refunds.key), form(company, words("second"), mark=mark))
    assert response.status_code == 422
    assert "You changed this rule in another window" in text(response)
    assert "second" in text(response)


def test_colleagues_know_of_a_draft(client, manager, company):
    manager.post(page("draft_begin"))
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    assert "Maria Berg" in text(client.get(page("rule_list")))


# Whose rules


def test_rules_of_other_departments_can_be_read_and_not_touched(client, company):
    narrow = UserFactory(role=Role.MANAGER, departments=[company.service])
    client.force_login(narrow)
    body = text(client.get(page("rule_list")))
    assert "Refunds" in body
    assert page("rule_edit", company.faults.key) in body
    assert page("rule_edit", company.refunds.key) not in body
    for method, name in (("get", "rule_edit"), ("post", "rule_edit"), ("get", "rule_delete"), ("post", "rule_delete"),
                         ("post", "rule_toggle"), ("post", "rule_move"), ("post", "rule_duplicate")):  # fmt: skip
        sent = form(company, words("x1")) | {"direction": "down"}
        assert getattr(client, method)(page(name, company.refunds.key), sent).status_code == 404, name
    assert "Go back to version 1" not in text(client.get(page("versions")))
    refused = client.post(page("version_restore", 1), follow=True)
    assert "is a rule of a department that is not yours" in text(refused)
    assert latest() == 3
    new = text(client.get(page("rule_new")))
    assert ">Service</option>" in new
    assert ">Billing</option>" not in new.split("previous_department")[-1]
    response = client.post(page("rule_new"), form(company, words("x1"), department=company.billing.pk))
    assert response.status_code == 422


def test_a_move_above_rules_of_others_is_not_offered_and_says_who_can(client, company):
    client.force_login(UserFactory(role=Role.MANAGER, departments=[company.service]))
    body = text(client.get(page("rule_list")))
    assert "Only an administrator can move a rule above another department’s" in body
    assert "Move Faults up" not in body
    refused = text(client.post(page("rule_move", company.faults.key), {"direction": "up"}, follow=True))
    assert "“Faults” may not come before “Refunds”, a rule of Billing" in refused
    assert "Ask an administrator to move it up." in refused
    assert latest() == 3
    client.force_login(company.manager)
    assert "Move Faults up" in text(client.get(page("rule_list")))


def test_going_below_a_rule_of_others_asks_first_since_it_cannot_be_taken_back(client, company):
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    client.force_login(UserFactory(role=Role.MANAGER, departments=[company.service]))
    asked = text(client.post(page("rule_move", company.faults.key), {"direction": "down"}))
    assert "below “<bdi>Refunds</bdi>”?" in asked
    assert "You cannot move your rule above it again: an administrator can." in asked
    assert 'name="direction" value="down"' in asked
    assert latest() == 4
    client.post(page("rule_move", company.faults.key), {"direction": "down", "sure": "1"})
    assert list(Rule.objects.values_list("name", flat=True)) == ["Refunds", "Faults"]
    assert latest() == 5


def test_in_a_draft_going_below_is_not_asked_about(client, company):
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    client.force_login(UserFactory(role=Role.MANAGER, departments=[company.service]))
    client.post(page("draft_begin"))
    assert client.post(page("rule_move", company.faults.key), {"to": "2"}).status_code == 302
    assert client.post(page("rule_move", company.faults.key), {"to": "1"}).status_code == 302
    assert "moved " not in text(client.get(page("draft_publish")))


def test_managers_go_back_to_versions_that_change_their_rules_only(client, company):
    narrow = UserFactory(role=Role.MANAGER, departments=[company.service])
    editing.switch_rule(company.faults.key, False, narrow, NOW)
    client.force_login(narrow)
    body = text(client.get(page("versions")))
    assert "Go back to version 3" in body
    assert "Go back to version 2" in body
    assert "Go back to version 1" not in body


CHAT = {"all": [{"field": "language", "is": ["en"]}, {"none": [{"field": "words", "any": ["seat"]}]}]}


def test_a_new_rule_says_its_place_and_may_move_above_a_catch_all_of_others(client, company):
    boss = UserFactory(role=Role.ADMINISTRATOR)
    editing.add_rule(RuleContent("Chat", CHAT, company.billing), boss, "", NOW)
    narrow = UserFactory(role=Role.MANAGER, departments=[company.service])
    client.force_login(narrow)
    sent = form(company, words("car park"), department=company.service.pk)
    body = text(client.post(page("rule_new"), sent, follow=True))
    assert "“Parking” is saved and live, at place 3: the rules above it are checked first." in body
    editing.move_rule(Rule.objects.get(name="Parking").key, narrow, NOW, to=4)
    assert "Move Parking up" in text(client.get(page("rule_list")))


def test_a_move_is_taken_back_with_one_click_also_above_rules_of_others(client, company):
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    narrow = UserFactory(role=Role.MANAGER, departments=[company.service])
    client.force_login(narrow)
    sent = {"direction": "down", "sure": "1"}
    moved = text(client.post(page("rule_move", company.faults.key), sent, follow=True))
    assert "“Faults” is at place 2 now." in moved
    undo = page("version_undo", latest())
    assert f'action="{undo}"' in moved
    assert "Undone. The rules are live as they were before." in text(client.post(undo, follow=True))
    assert list(Rule.objects.values_list("name", flat=True)) == ["Faults", "Refunds"]
    assert RuleSetVersion.objects.first().note == "Undid version 5"


@pytest.mark.parametrize("case", ["another published since", "it was somebody else", "long ago"])
def test_an_undo_that_would_take_back_more_is_refused(client, company, case):
    narrow = UserFactory(role=Role.MANAGER, departments=[company.service])
    client.force_login(narrow)
    client.post(page("rule_toggle", company.faults.key), {"enabled": "0"})
    number = latest()
    if case == "another published since":
        editing.switch_rule(company.refunds.key, False, company.manager, NOW)
    elif case == "long ago":
        RuleSetVersion.objects.filter(number=number).update(created_at=timezone.now() - dt.timedelta(hours=1))
    else:
        client.force_login(company.manager)
    before = latest()
    assert "Not undone: " in text(client.post(page("version_undo", number), follow=True))
    assert latest() == before


def test_in_a_draft_a_switch_is_said_to_be_in_the_draft_and_needs_no_undo(manager, company):
    manager.post(page("draft_begin"))
    body = text(manager.post(page("rule_toggle", company.faults.key), {"enabled": "0"}, follow=True))
    assert "“Faults” is switched off in your draft." in body
    assert "/undo/" not in body


def test_the_reason_for_a_draft_is_kept_until_it_is_published(manager, company):
    manager.post(page("rule_new"), form(company, words("car park"), note="Fair season", draft="1"))
    assert 'value="Fair season"' in text(manager.get(page("draft_publish")))
    manager.post(page("draft_publish"), {"note": "Fair season"})
    manager.post(page("draft_begin"))
    assert "Fair season" not in text(manager.get(page("draft_publish")))


def test_trying_a_message_asks_the_draft_and_compares_with_the_live_rules(manager, company):
    manager.post(page("draft_begin"))
    manager.post(page("rule_edit", company.refunds.key), form(company, words("broken"), name="Refunds"))
    body = squeezed(text(manager.post(page("rule_try"), {"text": "It is broken", "network": "x"})))
    assert "your draft decides" in body
    assert 'Goes to <span class="chip dept">Billing</span> with your draft' in body
    assert 'Until you publish it, such a message goes to <span class="chip dept">Service</span>' in body
    assert "version 0" not in body


def test_trying_a_condition_names_the_rule_that_takes_the_message_first(manager, company):
    def tried(message, *parts):
        sent = form(company, *parts) | {"try": "1", "try_text": message}
        return text(manager.post(page("rule_new"), sent))

    body = tried("The parking permit is broken", words("parking"))
    assert "The condition matches: " in body
    assert "But “Faults” comes first and takes the message to Service." in body
    assert "this rule takes the message" in tried("Where may I park? parking", words("parking"))
    assert "The message goes to Service by “Faults”." in tried("It is broken", words("parking"))
    assert "The message goes to Service by the default." in tried("Good day", words("parking"))
    edited = form(company, words("parking"), name="Refunds") | {"try": "1", "try_text": "parking is broken"}
    assert "this rule takes the message" in text(manager.post(page("rule_edit", company.refunds.key), edited))
    assert latest() == 3


# What is wrong


def test_the_list_names_what_is_odd_beside_the_rule(manager, company):
    editing.add_rule(
        RuleContent("Late", {"field": "words", "any": ["refund"]}, company.service), company.manager, "", NOW
    )
    assert "Is never reached: “Refunds” (place 1)" in text(manager.get(page("rule_list")))


def test_what_is_wrong_in_a_draft_blocks_publishing_and_says_why(manager, company):
    manager.post(page("draft_begin"))
    Department.objects.filter(pk=company.billing.pk).update(is_open=False)
    assert "Leads to Billing, which is closed" in text(manager.get(page("rule_list")))
    response = manager.post(page("draft_publish"), {"note": ""})
    assert response.status_code == 422
    assert "Rule “Refunds”: Leads to Billing, which is closed" in text(response)
    assert "disabled" in text(manager.get(page("draft_publish")))


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
    assert "there must be no rules yet" in text(client.post(page("starter"), follow=True))
    assert latest() == number


def test_versions_say_who_what_and_when(manager, company):
    editing.switch_rule(company.refunds.key, False, company.manager, NOW)
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    body = text(manager.get(page("versions")))
    for line in (
        "Removed “Refunds”",
        "“Faults” moved up, place 2 → 1",
        "“Refunds” switched off",
        "Added “Faults”",
        "Maria Berg",
    ):
        assert line in body
    assert body.count("Go back to version") == 5


def test_versions_name_what_a_rule_does_otherwise(manager, company):
    content = RuleContent(
        "Refunds", company.refunds.condition, company.billing, person=company.agent.username, dismiss=True
    )
    editing.change_rule(company.refunds.key, content, company.manager, "", NOW)
    assert f"“Refunds”: person anybody → {company.agent}; dismissed as noise: no → yes" in text(
        manager.get(page("versions"))
    )


def test_going_back_takes_one_click(manager, company):
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    response = manager.post(page("version_restore", 3), follow=True)
    assert "Version 3 is back, as version 5." in text(response)
    assert Rule.objects.filter(key=company.refunds.key).exists()
    assert manager.post(page("version_restore", 99)).status_code == 404


def test_old_versions_are_on_further_pages(manager, company, monkeypatch):
    monkeypatch.setattr("routing.pages.versions.VERSIONS_PER_PAGE", 2)
    body = text(manager.get(page("versions")))
    assert "?before=2" in body
    assert 'id="version-1"' not in body
    assert 'id="version-1"' in text(manager.get(page("versions") + "?before=2"))
    for before in ("x", "-1", "9" * 40, "0"):
        assert manager.get(page("versions"), {"before": before}).status_code == 200


def test_the_list_calls_brand_accounts_and_departments_by_their_names(client, company):
    brand = BrandAccountFactory(handle="yourbrand", remote_id="4711")
    condition = {
        "any": [
            {"field": "brand_account", "is": ["x:4711"]},
            {"field": "previous_department", "is": ["billing"]},
        ]
    }
    editing.add_rule(RuleContent("Ours", condition, company.billing), None, "", NOW)
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    body = text(client.get(page("rule_list")))
    assert f"is to @{brand.handle} on X or is from a customer last helped by {company.billing.name}" in body


def test_what_is_wrong_in_a_draft_names_its_rule(manager, company):
    manager.post(page("draft_begin"))
    type(company.refunds.department).objects.filter(pk=company.refunds.department_id).update(is_open=False)
    shown = text(manager.get(page("draft_publish")))
    found = shown[shown.index("Problem") :]
    assert f"“<bdi>{company.refunds.name}</bdi>”" in found
    assert found.index(company.refunds.name) < found.index("which is closed")


def test_pages_below_the_rules_lead_back_up(manager, company):
    up = f'<nav class="crumbs" aria-label="Breadcrumb"><ol><li><a href="{page("rule_list")}">Rules</a></li>'
    rule = f'<li><a href="{page("rule_edit", company.refunds.key)}"><bdi>Refunds</bdi></a></li></ol></nav>'
    assert up + rule in squeezed(manager.get(page("rule_delete", company.refunds.key)))
    manager.post(page("draft_begin"))
    draft = f'<li><a href="{page("rule_list")}#draft"><bdi>Your draft</bdi></a></li></ol></nav>'
    assert up + draft in squeezed(manager.get(page("draft_publish")))
    assert up in squeezed(manager.get(page("default_edit")))
    assert up in squeezed(manager.get(page("learning_examples")))
