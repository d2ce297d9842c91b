"""What stands in brackets: filled once, never sent, and refused where it means nothing."""

import pytest

from inbox.replies.placeholders import (
    describe_wrong_placeholder,
    fill_placeholders,
    find_placeholders,
    unresolved_placeholder_sentence,
    write_placeholders,
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hello {customer}, your parcel {order} is on its way.", ["customer", "order"]),
        ("Hello { Customer }!", ["customer"]),
        ("Hallo {\u00a0ME\u00a0}", ["me"]),
        ("Order {or\u200bder} leaves today", ["order"]),
        ("Order ｛order｝ leaves today", ["order"]),
        ("We are {{brand}}.", ["brand"]),
        ("A smile :-} and {something else}", []),
        ("Nothing to fill in", []),
    ],
)
def test_a_placeholder_that_is_left_is_named(text, left):
    sentence = unresolved_placeholder_sentence(text)
    assert bool(sentence) == bool(left)
    assert all(f"{{{name}}}" in sentence for name in left)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello {name}", "There is no placeholder {name}."),
        ("Hello {}", "There is no placeholder {}."),
        ("Hello {customer}, order {ordernumber}", "There is no placeholder {ordernumber}."),
        ("Hello {customer", "A bracket of a placeholder is missing."),
        ("Hello customer}", "A bracket of a placeholder is missing."),
        ("Hello { Customer }, it is {me} of {brand} about {ORDER}", ""),
    ],
)
def test_what_is_wrong_with_placeholders_is_said(text, words):
    said = describe_wrong_placeholder(text)
    assert said.startswith(words)
    assert bool(said) == bool(words)
    assert not words or "{customer}, {me}, {brand}, {order}" in said


def test_a_value_fills_no_placeholder_again():
    values = {"customer": "{me}", "me": "Ann", "order": ""}
    assert fill_placeholders("{customer} {ME} {order} {brand}", values) == "{me} Ann {order} {brand}"
    assert find_placeholders("{me} {ME} {order}") == ["me", "order"]
    assert write_placeholders("{ Me } and {x}") == "{me} and {x}"
