"""Which conditions ask for no subject."""

from __future__ import annotations

import pytest

from routing.conditions.catch_all import is_catch_all
from routing.rules.starter import starter_rules

WORD = {"field": "words", "any": ["kettle"]}
BOTH_WORDS = {"field": "words", "all": ["kettle", "lid"]}
ENGLISH = {"field": "language", "is": ["en"]}
CALM = {"field": "sentiment", "is": ["neutral", "positive"]}


@pytest.mark.parametrize(
    ("condition", "catches_all"),
    [
        (WORD, False),
        (BOTH_WORDS, False),
        (ENGLISH, True),
        ({"field": "pattern", "matches": "[?]"}, False),
        ({"field": "pattern", "matches": "."}, True),
        ({"field": "brand_account", "is": ["x:1"]}, False),
        ({"field": "is_spam", "is": True}, False),
        ({"all": [ENGLISH, CALM, {"none": [WORD]}]}, True),
        ({"all": [ENGLISH, WORD]}, False),
        ({"any": [ENGLISH, WORD]}, True),
        ({"any": [BOTH_WORDS, WORD]}, False),
        ({"none": [WORD]}, True),
    ],
)
def test_a_condition_without_a_subject_is_a_catch_all(condition, catches_all):
    assert is_catch_all(condition) is catches_all


def test_the_starter_rules_end_with_a_catch_all_and_begin_with_none():
    catch_alls = [is_catch_all(rule["condition"]) for rule in starter_rules()]
    assert catch_alls[-1]
    assert not any(catch_alls[:15])
