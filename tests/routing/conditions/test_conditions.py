"""Checking a condition: good trees pass, bad ones say exactly what is wrong and where."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given, settings

from routing.conditions.validation import MAX_NODES, ConditionProblem, validate_condition
from routing.conditions.wording import summarize_condition
from routing.rule_editor.choices import EditorChoices
from routing.rule_editor.condition_form import parse_condition_form
from routing.rule_editor.condition_page import build_node_context
from routing.rule_editor.condition_tree import condition_to_form, form_to_condition
from routing.rules.starter import starter_snapshot
from tests.routing.conditions.oracle import same
from tests.routing.conditions.strategies import anything, trees


def said(tree):
    return [str(problem) for problem in validate_condition(tree)]


def test_it_accepts_every_kind_of_leaf_and_group():
    tree = {
        "all": [
            {"field": "words", "any": ["refund", "charged twice", "reimburs*", "退款", "😡"]},
            {"field": "words", "all": ["order", "late"]},
            {"field": "pattern", "matches": r"order #?[0-9]{6}"},
            {"any": [{"field": "network", "is": ["x"]}, {"field": "stream", "is": ["direct"]}]},
            {"field": "brand_account", "is": ["x:123"]},
            {"field": "followers", "gte": 1000, "lte": 5000},
            {"none": [{"field": "verified", "is": True}, {"field": "is_reply", "is": False}]},
            {"field": "language", "is": ["de", "fr"]},
        ]
    }
    assert validate_condition(tree) == []


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        (None, "A condition is an object, not nothing."),
        ([], "A condition is an object, not a list."),
        ({}, "A condition is a group (“all”, “any”, “none”) or names a “field”."),
        ({"all": []}, "all: The group “all” needs a list with at least one condition."),
        ({"all": {"field": "x"}}, "all: The group “all” needs a list with at least one condition."),
        ({"any": [{"field": "mood", "is": ["bad"]}]}, "any[0]: There is no field “mood”."),
        (
            {"any": [{"all": [{"field": "words", "any": ["ok"]}, 7]}]},
            "any[0].all[1]: A condition is an object, not a number.",
        ),
        ({"any": [], "all": []}, "A group has one key"),
        ({"field": "words", "any": []}, "Give at least one word."),
        ({"field": "words", "any": ["a"], "all": ["b"]}, "“words” needs either “any” or “all”"),
        ({"field": "words", "any": ["…"]}, "has no letter or digit"),
        ({"field": "words", "any": ["ab*"]}, "the star may only follow"),
        ({"field": "words", "any": ["two words*"]}, "the star may only follow"),
        ({"field": "words", "any": ["x\x00y"]}, "cannot be stored"),
        ({"field": "words", "any": ["x\ud800"]}, "cannot be stored"),
        ({"field": "words", "any": ["x" * 101]}, "more than 100 characters"),
        ({"field": "network", "is": []}, "“network” needs “is” with a list"),
        ({"field": "network", "is": ["x"], "not": 1}, "“network” does not know “not”, only is."),
        ({"field": "brand_account", "is": ["123"]}, "is not a brand account"),
        ({"field": "followers"}, "needs “gte” (at least) or “lte” (at most)"),
        ({"field": "followers", "gte": True}, "is not a number of followers"),
        ({"field": "followers", "gte": 5, "lte": 2}, "swap the two numbers"),
        ({"field": "followers", "gte": 10**5000}, "is not a number of followers"),
        ({"field": "verified", "is": "yes"}, "“verified” needs “is” with true or false."),
    ],
)
def test_it_names_the_exact_problem(tree, problem):
    assert any(problem in line for line in said(tree)), said(tree)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "is empty"),
        ("a(?=b)", "Look-ahead and look-behind are not supported"),
        ("(?<!a)b", "Look-ahead and look-behind are not supported"),
        (r"(a)\1", "References back to a group are not supported"),
        (r"(?P<n>a)(?P=n)", "References back to a group are not supported"),
        ("[z-a]", "invalid character class range: z-a"),
        ("a{1000}{1000}", "bad repetition operator"),
        ("(a{1000}){1000}", "invalid repetition size"),
        (r"\pL{900}", "pattern too large"),
        ("x" * 501, "has 501 characters; 500 are allowed"),
        (".*", "matches every message"),
        ("a\ud800", "cannot be stored"),
    ],
)
def test_it_refuses_bad_patterns_in_words(pattern, problem):
    (line,) = said({"all": [{"field": "pattern", "matches": pattern}]})
    assert line.startswith("all[0]: ")
    assert problem in line


@pytest.mark.parametrize("pattern", ["^[^?]*$", r"^\W*\w{0,3}\W*$", r"^.{0,9}$"])
def test_a_pattern_that_finds_the_empty_text_may_still_leave_others(pattern):
    assert validate_condition({"field": "pattern", "matches": pattern}) == []


def test_an_escaped_backslash_before_a_digit_is_no_reference():
    assert validate_condition({"field": "pattern", "matches": r"C:\\1"}) == []


def test_it_stops_at_twenty_levels_without_walking_three_thousand():
    tree = {"field": "verified", "is": True}
    for _ in range(3_000):
        tree = {"all": [tree]}
    (problem,) = validate_condition(tree)
    assert problem.message == "Groups are nested more than 20 deep."


def test_it_refuses_too_many_parts():
    tree = {"any": [{"field": "verified", "is": True}] * MAX_NODES}
    assert validate_condition(tree) == [ConditionProblem("", "The condition has more than 3,000 parts.")]


@given(anything)
def test_checking_is_total(tree):
    assert all(isinstance(problem, ConditionProblem) for problem in validate_condition(tree))


@given(trees)
def test_every_valid_tree_has_a_summary(tree):
    assert summarize_condition(tree)


def sent(node):
    """What a browser would send for the form of a condition."""
    fields = [(f"{node['path']}.group", node["group"])] if "group" in node else []
    if "group" not in node:
        chosen = [value for _, members in node["fields"] for value, _, is_chosen in members if is_chosen]
        fields += [(f"{node['path']}.field", one) for one in chosen]
        fields += [(f"{node['path']}.op", value) for value, _, is_chosen in node["ops"] if is_chosen]
        if node["control"] in ("one", "several"):
            fields += [
                (f"{node['path']}.value", value) for value, _, is_chosen in node["options"] if is_chosen
            ]
        elif node["control"] != "none":
            fields.append((f"{node['path']}.value", node["typed"]))
    return fields + [field for part in node.get("parts", ()) for field in sent(part)]


@given(trees)
@settings(deadline=None)
def test_the_form_shows_a_tree_without_changing_it(tree):
    node = condition_to_form(tree)
    if node is not None:
        data = QueryDict(mutable=True)
        for name, value in sent(build_node_context(node, EditorChoices())):
            data.appendlist(name, value)
        again = form_to_condition(parse_condition_form(data))
        assert validate_condition(again) == []
        assert same(tree, again)


@pytest.mark.parametrize("rule", starter_snapshot()["rules"], ids=lambda rule: rule["name"])
def test_the_form_shows_every_starter_rule(rule):
    assert condition_to_form(rule["condition"]) is not None


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (" a b  ", "[ ]a b[ ][ ]"),
        ("a\\\\ ", "a\\\\[ ]"),
        ("a\\ ", None),
        ("a\n", None),
        ("x" * 500 + " ", None),
    ],
)
def test_blanks_at_the_ends_of_a_pattern_can_be_seen(pattern, shown):
    node = condition_to_form({"field": "pattern", "matches": pattern})
    assert (node and node.parts[0].values[0]) == shown


def test_words_that_are_there_twice_are_shown_once():
    node = condition_to_form({"field": "words", "any": ["fee", "refund", "fee"]})
    assert node is not None
    assert node.parts[0].values == ["fee", "refund"]


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ({"field": "sentiment", "is": ["negative"]}, "sentiment “negative”"),
        ({"field": "wants_answer", "is": True}, "needs an answer"),
        ({"field": "urgency", "gte": 1}, "urgency “raised” or “high”"),
        ({"field": "is_spam", "is": False}, "does not look like spam"),
        ({"field": "customer_tags", "is": ["vip", "press"]}, "a customer tagged “vip” or “press”"),
        ({"field": "previous_department", "is": ["billing"]}, "a customer last helped by “billing”"),
        ({"field": "open_cases", "gte": 1}, "at least 1 open case"),
        ({"field": "emoji_only", "is": True}, "nothing but emoji"),
        ({"field": "has_link", "is": True}, "a link"),
        ({"field": "word_count", "lte": 3}, "at most 3 words"),
        ({"field": "word_count", "gte": 3, "lte": 3}, "exactly 3 words"),
        ({"field": "is_retweet", "is": True}, "a post passed on"),
        ({"field": "is_under_own_post", "is": False}, "not under a post of ours"),
    ],
)
def test_every_fact_can_be_asked_for_and_is_said_in_words(leaf, words):
    assert validate_condition(leaf) == []
    assert summarize_condition(leaf) == words


@pytest.mark.parametrize(
    ("leaf", "problem"),
    [
        (
            {"field": "sentiment", "is": ["angry"]},
            "“angry” is not a sentiment: it is negative, neutral or positive.",
        ),
        ({"field": "urgency", "gte": 3}, "“3” is not an urgency: it is 0, 1 or 2."),
        ({"field": "word_count"}, "“word_count” needs “gte” (at least) or “lte” (at most)."),
        ({"field": "open_cases", "gte": -1}, "“-1” is not a number of open cases."),
        ({"field": "has_link"}, "“has_link” needs “is” with true or false."),
    ],
)
def test_a_slip_in_a_fact_is_named(leaf, problem):
    assert said(leaf) == [problem]
