"""Conditions in plain words."""

from __future__ import annotations

import pytest

from routing.conditions.wording import summarize_condition

REFUND = {"field": "words", "any": ["refund", "fee"]}
X = {"field": "network", "is": ["x"]}


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (REFUND, "the words “refund” or “fee”"),
        ({"any": [{"field": "words", "all": ["late", "order"]}]}, "the words “late” and “order”"),
        ({"all": [REFUND, X]}, "the words “refund” or “fee” and network “X”"),
        (
            {"all": [{"any": [REFUND, X]}, {"none": [X]}]},
            "the words “refund” or “fee” or network “X”, but not network “X”",
        ),
        ({"none": [X]}, "not network “X”"),
        ({"any": [{"all": [X, REFUND]}, X]}, "(network “X” and the words “refund” or “fee”) or network “X”"),
        ({"field": "words", "any": list("abcdefg")}, "the words “a”, “b”, “c”, “d”, “e” and 2 more"),
        ({"any": [X] * 7}, ", or ".join(["network “X”"] * 5) + ", or 2 more conditions"),
        ({"field": "followers", "gte": 1000, "lte": 5000}, "between 1,000 and 5,000 followers"),
        ({"field": "followers", "lte": 5}, "at most 5 followers"),
        ({"field": "verified", "is": False}, "an author who is not verified"),
        ({"field": "is_reply", "is": True}, "an answer to something"),
        ({"field": "pattern", "matches": "a" * 61}, f"the pattern “{'a' * 60}…”"),
    ],
)
def test_a_condition_is_said_in_one_line(tree, said):
    assert summarize_condition(tree) == said


def test_what_a_condition_names_is_called_as_people_know_it():
    names = {"brand_account x:1": "@yourbrand on X", "previous_department billing": "Accounts"}
    tree = {
        "all": [
            {"field": "brand_account", "is": ["x:1", "x:2"]},
            {"field": "previous_department", "is": ["billing"]},
        ]
    }
    assert summarize_condition(tree, names=names) == (
        "brand account “@yourbrand on X” or “x:2” and a customer last helped by “Accounts”"
    )
