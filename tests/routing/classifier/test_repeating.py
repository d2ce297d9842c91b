"""Phrases that corrections share, for suggested rules."""

from __future__ import annotations

from routing.classifier.features import Votes
from routing.classifier.repeating import find_repeated_phrases
from routing.classifier.training_data import Example


def corrected(text, department="tech"):
    return Example(text, department, Votes("service", by_default=True))


def test_one_subject_is_one_suggestion_however_many_things_it_happens_to():
    things = ("fryer", "kettle", "toaster")
    whistling = [corrected(f"my {thing} keeps whistling since {n}") for thing in things for n in "abcd"]
    others = [corrected(f"where is parcel number {n}", "service") for n in range(18)]
    found = find_repeated_phrases([*whistling, *others])
    assert [phrase.department for phrase in found] == ["tech"]
    assert "whistling" in found[0].words
    assert not any(thing in found[0].words for thing in things)
    assert found[0].corrected == len(whistling)


def test_what_most_messages_say_is_no_subject():
    assert find_repeated_phrases([corrected(f"please help with case {n}") for n in range(20)]) == []
