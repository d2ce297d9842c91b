"""What an approver changed, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.approvals.edits import describe_edit


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("It is on its way.", "It is here.", "“on its way.” became “here.”"),
        ("Sorry. It left.", "It left.", "left out “Sorry.”"),
        ("It left.", "It left. Sorry!", "added “Sorry!”"),
        ("It  left.", "It left.", "only spaces"),
        ("a b c d e f g h i j k l", "A b C d E f G h I j K l", "“a” became “A”; “c” became “C”; “e” became “E”; “g” became “G”; “i” became “I”; 1 more"),
    ],
)  # fmt: skip
def test_changes_are_named_by_their_words(before, after, words):
    assert describe_edit(before, after) == words


def test_a_long_change_is_cut():
    assert len(describe_edit("x" * 5000, "y" * 5000)) < 200


@given(st.text(max_size=200), st.text(max_size=200))
def test_it_never_fails(before, after):
    assert describe_edit(before, after)
