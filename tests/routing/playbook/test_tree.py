"""The playbook's tree: where answers lead, and what is wrong with a tree."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.testing.quick import scale_examples
from routing.playbook.checks import check_playbook
from routing.playbook.tree import (
    ACTION_LABELS,
    MAX_ANSWERS,
    MAX_QUESTIONS_IN_A_ROW,
    NONE_KEY,
    Outcome,
    Question,
    parse_playbook,
    walk_playbook,
)
from routing.playbook.versions import load_starter_playbook

DEPARTMENTS = dict.fromkeys(("service", "billing", "sales", "product", "pr", "tech", "legal"), True)


def question(key, *answers, text=None):
    rows = []
    for n, target in enumerate(answers):
        kind = "outcome" if target.startswith("o") else "question"
        rows.append({"key": f"a{n}", "text": f"Answer {n}", kind: target})
    return {"key": key, "text": text or f"Question {key}", "help": "", "answers": rows}


def outcome(key, **more):
    return {"key": key, "name": f"Outcome {key}", "advice": "Do it.", "action": "answer", **more}


def position(snapshot, answers, start=""):
    """The question or outcome that the answers lead to."""
    return walk_playbook(parse_playbook(snapshot), answers, start).position


@pytest.fixture
def tree():
    return {
        "start": "q1",
        "default": "o9",
        "questions": [question("q1", "q2", "o1"), question("q2", "o2", "o1")],
        "outcomes": [outcome("o1"), outcome("o2"), outcome("o9")],
    }


class TestStep:
    def test_without_answers_the_first_question_is_asked(self, tree):
        assert position(tree, []).key == "q1"

    def test_answers_lead_on_and_end_at_an_outcome(self, tree):
        assert position(tree, ["a0"]).key == "q2"
        assert position(tree, ["a0", "a0"]) == Outcome("o2", "Outcome o2", "Do it.", "answer")
        assert position(tree, ["a1"]).key == "o1"

    def test_none_of_these_leads_to_the_default(self, tree):
        assert position(tree, ["a0", NONE_KEY]).key == "o9"

    def test_an_answer_that_is_not_there_leads_to_the_default(self, tree):
        assert position(tree, ["gone"]).key == "o9"

    def test_answers_beyond_the_end_do_not_count(self, tree):
        assert position(tree, ["a1", "a0", "a0"]).key == "o1"

    def test_it_may_begin_at_a_branch_and_at_the_root_where_the_branch_is_gone(self, tree):
        assert position(tree, ["a0"], start="q2").key == "o2"
        assert position(tree, [], start="gone").key == "q1"

    def test_even_a_tree_without_anything_has_advice(self):
        assert "Ask a colleague" in position({}, ["a0"]).name

    def test_the_way_is_told_in_words(self, tree):
        taken = walk_playbook(parse_playbook(tree), ["a0", NONE_KEY]).answered
        assert [(asked.text, said) for asked, said in taken] == [
            ("Question q1", "Answer 0"),
            ("Question q2", "None of these"),
        ]


KEYS = st.sampled_from(["q1", "q2", "q3", "o1", "o2", "", "gone"])
ROWS = st.one_of(st.none(), st.integers(), st.text(max_size=3), KEYS)
ANSWERS = st.fixed_dictionaries({}, optional={"key": ROWS, "text": ROWS, "question": ROWS, "outcome": ROWS})
QUESTIONS = st.fixed_dictionaries(
    {}, optional={"key": ROWS, "text": ROWS, "answers": st.one_of(ROWS, st.lists(ANSWERS, max_size=4))}
)
OUTCOMES = st.fixed_dictionaries({}, optional={"key": ROWS, "name": ROWS, "advice": ROWS, "action": ROWS})
SNAPSHOTS = st.fixed_dictionaries(
    {},
    optional={
        "start": ROWS,
        "default": ROWS,
        "questions": st.one_of(ROWS, st.lists(st.one_of(ROWS, QUESTIONS), max_size=5)),
        "outcomes": st.one_of(ROWS, st.lists(st.one_of(ROWS, OUTCOMES), max_size=5)),
    },
)


@settings(max_examples=scale_examples(300))
@given(SNAPSHOTS, st.lists(st.text(max_size=3) | KEYS, max_size=20), KEYS)
def test_it_is_total_and_deterministic(snapshot, answers, start):
    before = copy.deepcopy(snapshot)
    at = position(snapshot, answers, start)
    assert isinstance(at, Question | Outcome)
    assert position(snapshot, answers, start) == at
    assert snapshot == before


@settings(max_examples=scale_examples(300))
@given(SNAPSHOTS)
def test_a_tree_without_problems_always_ends(snapshot):
    found = check_playbook(snapshot, DEPARTMENTS)
    if found == []:
        assert isinstance(position(snapshot, [NONE_KEY]), Outcome)
        assert isinstance(position(snapshot, ["a0"] * MAX_QUESTIONS_IN_A_ROW), Outcome)


class TestProblems:
    def test_a_sound_tree_has_none(self, tree):
        assert check_playbook(tree, {}) == []

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"default": ""}, "There is no default"),
            ({"default": "o7"}, "The default is an outcome that is gone"),
            ({"start": "q7"}, "No question is the first one"),
            ({"questions": []}, "There is no question yet"),
            (
                {"questions": [question("q1", "q2"), question("q2", "q1")]},
                "“Question q1” → “Question q2” → “Question q1”",
            ),
            ({"questions": [question("q1", "q1")]}, "“Question q1” → “Question q1”"),
            ({"questions": [question("q1", "o1"), question("q2", "o1")]}, "“Question q2” is never asked"),
            ({"questions": [question("q1", "q7")]}, "the answer “Answer 0” leads to something that is gone"),
            ({"questions": [question("q1")]}, "“Question q1” has no answer"),
            ({"questions": [question("q1", *["o1"] * (MAX_ANSWERS + 1))]}, "has 9 answers: 8 are allowed"),
            ({"questions": [question("q1", "o1", text=" ")]}, "key q1 has no words"),
            ({"questions": [question("q1", "o1")] * 2}, "Two of the questions have the same key"),
            (
                {"outcomes": [outcome("o1"), outcome("o2"), outcome("o9", advice="")]},
                "“Outcome o9” gives no advice",
            ),
            (
                {"outcomes": [outcome("o1"), outcome("o2"), outcome("o9", action="")]},
                "suggests nothing to do",
            ),
            (
                {"outcomes": [outcome("o1"), outcome("o2"), outcome("o9", action="dismiss")]},
                "dismisses without a reason",
            ),
        ],
    )
    def test_each_is_named(self, tree, change, said):
        assert [one for one in check_playbook({**tree, **change}, {}) if said in one], check_playbook(
            {**tree, **change}, {}
        )

    def test_an_answer_that_leads_nowhere_is_named(self, tree):
        tree["questions"][1]["answers"][0].pop("outcome")
        assert check_playbook(tree, {}) == ["“Question q2”: the answer “Answer 0” leads nowhere."]

    def test_a_department_that_is_gone_or_closed_is_named(self, tree):
        tree["outcomes"][0] |= {"action": "hand_over", "department": "moon"}
        assert "a department that is gone (moon)" in check_playbook(tree, {})[0]
        assert "takes no new cases (moon)" in check_playbook(tree, {"moon": False})[0]
        assert check_playbook(tree, {"moon": True}) == []

    def test_too_many_questions_in_a_row_are_named(self, tree):
        rows = [question(f"q{n}", f"q{n + 1}") for n in range(1, MAX_QUESTIONS_IN_A_ROW + 1)]
        tree["questions"] = [*rows, question(f"q{MAX_QUESTIONS_IN_A_ROW + 1}", "o1")]
        assert check_playbook(tree, {}) == [
            "11 questions in a row are too many (10 are allowed): “Question q1” … “Question q11”."
        ]

    def test_a_wide_tree_is_checked_at_once(self, tree):
        rows = [question(f"q{n}", f"q{n + 1}", f"q{n + 1}", f"q{n + 1}", f"q{n + 1}") for n in range(1, 60)]
        tree["questions"] = [*rows, question("q60", "o1")]
        assert "60 questions in a row" in check_playbook(tree, {})[0]


class TestStarter:
    def test_it_is_sound(self):
        assert check_playbook(load_starter_playbook(), DEPARTMENTS) == []

    def test_it_knows_the_six_kinds_and_uses_every_action(self):
        assert [one["key"] for one in load_starter_playbook()["questions"][0]["answers"]] == [
            "praise", "unhappy", "facts", "troll", "question", "not-us",
        ]  # fmt: skip
        assert {one["action"] for one in load_starter_playbook()["outcomes"]} == set(ACTION_LABELS)

    def test_every_outcome_can_be_reached(self):
        tree = parse_playbook(load_starter_playbook())
        led_to = {one.outcome for question in tree.questions.values() for one in question.answers}
        assert set(tree.outcomes) - led_to == {tree.default}

    def test_an_unhappy_customer_with_a_wrong_charge_goes_to_billing(self):
        assert position(load_starter_playbook(), ["unhappy", "yes", "money"]).department == "billing"
        assert position(load_starter_playbook(), ["unhappy", "yes", "me", "yes"]).action == "private"
        assert position(load_starter_playbook(), ["troll", "no"]).action == "dismiss"
