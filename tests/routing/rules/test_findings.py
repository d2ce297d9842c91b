"""What is wrong with a rule set is named exactly: each problem, the rule that has it, and the rule that causes it."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from config.testing.quick import choose_size, scale_examples
from routing.conditions.implication import PhraseSet, excludes, implies, matches_everything, matches_nothing
from routing.rules.findings import Vocabulary, check_rules
from tests.routing.conditions.oracle import holds
from tests.routing.conditions.strategies import facts, trees

KNOWN = Vocabulary(
    departments={"service": ("Service", True), "billing": ("Billing", True), "museum": ("Museum", False)},
    people={"mara": ["service"]},
    skills=["refunds"],
    branches=["praise"],
    calendars=["7"],
)


def words(*found):
    return {"field": "words", "any": list(found)}


def rule(name, condition, **more):
    return {
        "key": name.lower(),
        "name": name,
        "enabled": True,
        "condition": condition,
        "department": "service",
    } | more


def found(*rules, default="service", known=KNOWN):
    snapshot = {"default": {"department": default}, "rules": list(rules)}
    return [(one.rule, one.level, one.kind, one.text) for one in check_rules(snapshot, known)]


def test_a_sound_rule_set_has_none():
    assert found(rule("A", words("refund")), rule("B", words("broken"), department="billing")) == []


def test_a_bad_pattern_is_an_error_of_its_rule():
    bad = {"any": [words("x1"), {"field": "pattern", "matches": "a(?=b)"}]}
    ((key, level, kind, text),) = found(rule("A", words("refund")), rule("B", bad))
    assert (key, level, kind) == ("b", "error", "condition")
    assert text.startswith("any[1]: Look-ahead and look-behind are not supported")


@pytest.mark.parametrize(
    ("slug", "text"),
    [
        ("museum", "Leads to Museum, which is closed. Choose another department or switch the rule off."),
        ("gone", "Leads to “gone”, a department that is gone. Choose another, or switch the rule off."),
    ],
)
def test_a_department_that_takes_nothing_is_an_error(slug, text):
    assert found(rule("A", words("x1"), department=slug)) == [("a", "error", "department", text)]
    assert found(rule("A", words("x1"), department=slug, enabled=False)) == []


@pytest.mark.parametrize(("default", "text"), [("", "no default"), ("museum", "closed"), ("gone", "is gone")])
def test_a_default_that_takes_nothing_is_an_error(default, text):
    ((key, level, kind, said),) = found(default=default)
    assert (key, level, kind) == ("", "error", "default")
    assert text in said


@pytest.mark.parametrize(
    ("more", "kind", "text"),
    [
        ({"person": "jon"}, "person", "“jon” is no longer here"),
        ({"person": "mara", "department": "billing"}, "person", "“mara” does not work on cases of Billing"),
        ({"skill": "coffee"}, "skill", "no skill “coffee”"),
        ({"playbook_branch": "troll"}, "branch", "no question “troll”"),
    ],
)
def test_names_that_nobody_has_are_warned_of(more, kind, text):
    ((_, level, got, said),) = found(rule("A", words("x1"), **more))
    assert (level, got) == ("warning", kind)
    assert text in said


def test_a_calendar_that_is_gone_is_an_error():
    hours = {"field": "hours", "calendar": "9", "is": "open"}
    ((_, level, kind, said),) = found(rule("A", {"any": [hours, words("x1")]}))
    assert (level, kind) == ("error", "calendar")
    assert "no calendar “9”" in said
    assert found(rule("A", hours | {"calendar": "7"})) == []


def test_names_that_are_there_are_not():
    assert found(rule("A", words("x1"), person="mara", skill="refunds", playbook_branch="praise")) == []


def test_the_same_condition_for_another_department_is_a_conflict():
    one = {"all": [words("a1", "b1"), {"field": "network", "is": ["x"]}]}
    two = {"all": [{"field": "network", "is": ["x"]}, words("b1", "a1")]}
    assert found(rule("A", one), rule("B", two, department="billing")) == [
        ("b", "warning", "conflict",
         "Has the same condition as “A” (place 1), which sends to Service: that one comes first and decides.")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("looser", "tighter"),
    [
        (words("refund", "fee"), words("fee")),
        (words("refund*"), words("refunds", "refunded")),
        (words("charged"), words("charged twice")),
        (words("refund"), {"all": [words("refund"), {"field": "network", "is": ["x"]}]}),
        ({"any": [words("a1"), {"field": "verified", "is": True}]}, {"field": "verified", "is": True}),
        ({"field": "followers", "gte": 100}, {"field": "followers", "gte": 1000, "lte": 5000}),
        ({"field": "network", "is": ["x", "facebook"]}, {"field": "network", "is": ["x"]}),
        ({"none": [{"field": "network", "is": ["x"]}]}, {"field": "network", "is": ["facebook"]}),
        ({"none": [words("a1")]}, {"none": [words("a1", "b1")]}),
        ({"field": "words", "all": ["a1"]}, {"field": "words", "all": ["a1", "b1"]}),
    ],
)
def test_a_rule_behind_a_looser_one_is_never_reached(looser, tighter):
    assert found(rule("Wide", looser), rule("Narrow", tighter)) == [
        ("narrow", "warning", "unreachable",
         "Is never reached: “Wide” (place 1) matches everything that this rule would. Move this one above it.")
    ]  # fmt: skip
    assert found(rule("Narrow", tighter), rule("Wide", looser)) == []
    assert found(rule("Wide", looser, enabled=False), rule("Narrow", tighter)) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "word_count", "gte": 0},
        {"any": [{"field": "verified", "is": True}, {"field": "verified", "is": False}]},
        {"any": [words("a1"), {"none": [words("a1")]}]},
        {"none": [{"all": [{"field": "network", "is": ["x"]}, {"field": "network", "is": ["facebook"]}]}]},
    ],
)
def test_a_rule_that_takes_everything_is_named_and_so_are_those_below(condition):
    kinds = [(key, kind) for key, _, kind, _ in found(rule("All", condition), rule("Below", words("x1")))]
    assert kinds == [("all", "everything"), ("below", "unreachable")]


@pytest.mark.parametrize("pattern", [".", r"\S+", r"(.|\n)", "[^ ]", r"\s*\S"])
def test_a_pattern_that_is_found_in_any_text_is_named(pattern):
    (one,) = found(rule("All", {"any": [{"field": "pattern", "matches": pattern}]}))
    assert one[:3] == ("all", "warning", "everything")
    assert one[3].startswith("Matches every message with any text.")


@pytest.mark.parametrize("pattern", ["^.{1,20}$", "[^#]", "[a-z]", r"\W", "^[^?]*$", "!"])
def test_a_pattern_that_leaves_something_is_not(pattern):
    assert found(rule("Some", {"any": [{"field": "pattern", "matches": pattern}]})) == []


def test_a_rule_that_can_never_hold_is_named():
    never = {"all": [{"field": "network", "is": ["x"]}, {"field": "network", "is": ["facebook"]}]}
    ((_, level, kind, _),) = found(rule("A", never), rule("B", words("x1")))
    assert (level, kind) == ("warning", "never")


@given(facts, trees, trees)
@settings(max_examples=scale_examples(300))
def test_what_is_said_to_follow_follows(message, one, other):
    if implies(one, other) and holds(one, message):
        assert holds(other, message)
    if excludes(one, other):
        assert not (holds(one, message) and holds(other, message))
    if matches_everything(one):
        assert holds(one, message)
    if matches_nothing(one):
        assert not holds(one, message)


@given(trees, trees, st.sampled_from(["all", "any"]))
@settings(deadline=None)
def test_adding_a_part_loosens_or_tightens(one, other, group):
    assume(not matches_nothing({"all": [one, other]}))
    both = {group: [one, other]}
    assert implies(one, both) if group == "any" else implies(both, one)


@given(st.lists(trees, min_size=1, max_size=5))
@settings(deadline=None)
def test_what_is_said_of_one_rule_is_what_is_said_of_it_among_all(conditions):
    all_rules = [
        rule(f"R{n}", tree, department=["service", "billing", "museum"][n % 3])
        for n, tree in enumerate(conditions)
    ]
    snapshot = {"default": {"department": "service"}, "rules": all_rules}
    everything = check_rules(snapshot, KNOWN)
    for one in all_rules:
        assert check_rules(snapshot, KNOWN, only=one["key"]) == [
            each for each in everything if each.rule == one["key"]
        ]


PHRASES = st.tuples(st.lists(st.sampled_from(["refund", "refunds", "ref", "the fee", "fee", "a"]), min_size=1, max_size=3),
                    st.booleans())  # fmt: skip


@given(PHRASES, st.lists(PHRASES, max_size=4))
def test_a_list_of_words_finds_what_comparing_each_finds(one, others):
    def written(parts, ends):
        return ("ref" if ends else " ".join(parts), ends)

    def holds(text, is_prefix, wanted, any_ending):
        if any_ending:
            return text.startswith(wanted) or (
                not is_prefix and any(t.startswith(wanted) for t in text.split())
            )
        return not is_prefix and f" {wanted} " in f" {text} "

    text, wanted = written(*one), [written(*other) for other in others]
    assert PhraseSet(wanted).covers_phrase(text) == any(holds(*text, *other) for other in wanted)


@pytest.mark.slow
def test_very_many_rules_are_looked_through_in_time():
    many = [
        rule(f"R{n}", {"any": [words(f"word{n}", f"other{n} thing{n}")]})
        for n in range(choose_size(3_000, full=10_000))
    ]
    start = time.process_time()
    check_rules({"default": {"department": "service"}, "rules": many}, KNOWN)
    assert time.process_time() - start < 10
