"""What a version changed, in words: old and new."""

from __future__ import annotations

import pytest
from hypothesis import given

from routing.rules.differences import describe_rule_changes
from routing.rules.history import describe_ruleset_changes
from tests.routing.conditions.strategies import trees

RULE = {
    "key": "a", "name": "Refunds", "enabled": True, "department": "billing", "department_name": "Billing",
    "priority": 0, "tags": [], "needs_answer": None, "condition": {"any": [{"field": "words", "any": ["refund", "fee"]}]},
}  # fmt: skip


def words(*found, how="any"):
    return {"field": "words", how: list(found)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"department_name": "Accounts"}, []),
        ({"name": "Money"}, ["name “Refunds” → “Money”"]),
        ({"department": "sales", "department_name": "Sales"}, ["goes to Billing → Sales"]),
        ({"priority": 2, "tags": ["vip", "press"]}, ["priority normal → urgent", "tags none → “vip” and “press”"]),
        ({"needs_answer": False}, ["needs an answer: decided from the text → no"]),
        ({"person": "ilse"}, ["person anybody → ilse"]),
        ({"skill": "french", "dismiss": True}, ["skill none → french", "dismissed as noise: no → yes"]),
        ({"playbook_branch": "facts"}, ["playbook begins at its first question → facts"]),
        ({"condition": {"any": [words("fee", "charged")]}}, ["condition now with the word “charged”, without the word “refund”"]),
        ({"condition": words("refund", "fee")}, ["condition regrouped: the words “refund” or “fee”"]),
        (
            {"condition": {"any": [words("refund", "fee"), {"none": [{"field": "network", "is": ["x"]}]}]}},
            ["condition now with not network “X”"],
        ),
        (
            {"condition": {"any": [words("refund", "fee"), {"field": "hours", "calendar": "3", "is": "open"}]}},
            ["condition now with within the hours “Care”"],
        ),
        ({"condition": words("refund", "fee", how="all")}, ["condition regrouped: the words “refund” and “fee”"]),
        (
            {"condition": {"any": [words("refund", "fee", *map(str, range(9)))]}},
            ["condition now with " + ", ".join(f"the word “{n}”" for n in range(6)) + " and 3 more"],
        ),
    ],
)  # fmt: skip
def test_a_change_says_what_was_and_what_is(change, said):
    assert describe_rule_changes(RULE, {**RULE, **change}, {"3": "Care"}) == said


@given(trees, trees)
def test_any_two_conditions_are_compared(one, other):
    said = describe_rule_changes({**RULE, "condition": one}, {**RULE, "condition": other}, {})
    assert bool(said) == (one != other)


def content(*keys):
    return {"default": None, "rules": [{**RULE, "key": key, "name": key.upper()} for key in keys]}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("bcda", ["“A” moved down, place 1 → 4"]),
        ("dabc", ["“D” moved up, place 4 → 1"]),
        ("dcba", ["Order changed"]),
        ("abc", ["Removed “D”"]),
        ("abcde", ["Added “E”: the words “refund” or “fee” → Billing"]),
        ("abcdefgh", ["Added “E”, “F”, “G” and “H”"]),
    ],
)
def test_what_was_added_and_what_moved(now, said):
    assert describe_ruleset_changes(content(*"abcd"), content(*now)) == said
