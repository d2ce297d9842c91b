"""Edits of a playbook, what they changed in words, and the tree as a nested list. No database."""

from __future__ import annotations

import copy

import pytest

from routing.playbook import edits
from routing.playbook.checks import check_playbook
from routing.playbook.history import describe_playbook_changes
from routing.playbook.outline import build_outline, describe_action
from routing.playbook.tree import parse_playbook
from routing.playbook.versions import load_starter_playbook

DEPARTMENTS = dict.fromkeys(("service", "billing", "sales", "product", "pr", "tech", "legal"), True)


@pytest.fixture
def tree():
    return load_starter_playbook()


def rows(snapshot, key):
    found = edits.find_part(snapshot, "questions", key)
    return [
        (
            one["key"],
            one["text"],
            f"question:{one['question']}" if one.get("question") else f"outcome:{one['outcome']}",
        )
        for one in found["answers"]
    ]


class TestEdits:
    def test_an_edit_leaves_the_old_snapshot_alone(self, tree):
        before = copy.deepcopy(tree)
        edits.put_question(tree, "know", "Do you?", "", [("yes", "Yes", edits.NEW_QUESTION)])
        edits.remove_part(tree, "questions", "know")
        edits.put_outcome(tree, {"key": "thank", "name": "x", "advice": "y", "action": "answer"})
        edits.choose_ends(tree, "know", "thank")
        assert tree == before

    def test_a_question_keeps_its_place_and_its_answers_their_keys(self, tree):
        answers = [*rows(tree, "know"), ("", "I am not sure", "outcome:thank")]
        changed, made = edits.put_question(tree, "know", "Do you know it?", "Ask.", answers)
        assert made == []
        found = edits.find_part(changed, "questions", "know")
        assert [one["key"] for one in found["answers"]] == ["yes", "sales", "product", "a1"]
        assert [one["key"] for one in changed["questions"]] == [one["key"] for one in tree["questions"]]
        assert check_playbook(changed, DEPARTMENTS) == []

    def test_what_an_answer_leads_to_can_be_made_with_it(self, tree):
        answers = [("", "One", edits.NEW_QUESTION), ("", "Other", edits.NEW_OUTCOME), ("", "Third", "")]
        changed, made = edits.put_question(tree, "know", "Do you?", "", answers)
        assert [kind for kind, _ in made] == ["questions", "outcomes"]
        assert all(edits.find_part(changed, kind, key) for kind, key in made)
        assert edits.find_part(changed, "questions", "know")["answers"] == [
            {"key": "a1", "text": "One", "question": made[0][1]},
            {"key": "a2", "text": "Other", "outcome": made[1][1]},
            {"key": "a3", "text": "Third"},
        ]

    def test_a_new_key_is_new(self, tree):
        tree["questions"].append({"key": "q11", "text": "x", "answers": []})
        assert edits.unused_key(tree, "questions") not in {one["key"] for one in tree["questions"]}

    def test_removing_leaves_answers_that_lead_nowhere_and_says_so(self, tree):
        changed = edits.remove_part(tree, "questions", "reach")
        assert (
            "“Do we know for certain what is true?”: the answer “Yes, and we can show it” leads nowhere."
            in check_playbook(changed, DEPARTMENTS)
        )
        assert edits.remove_part(tree, "questions", "kind")["start"] == ""
        assert edits.remove_part(tree, "outcomes", "ask-a-colleague")["default"] == ""

    def test_the_first_of_each_begins_and_is_the_default(self):
        changed, _ = edits.put_question({}, "q1", "What?", "", [("", "That", "outcome:o1")])
        changed = edits.put_outcome(
            changed, {"key": "o1", "name": "Do", "advice": "Do it.", "action": "answer"}
        )
        assert (changed["start"], changed["default"]) == ("q1", "o1")
        assert check_playbook(changed, {}) == []


class TestDifference:
    def test_the_same_has_none_and_the_first_names_its_size(self, tree):
        assert describe_playbook_changes(tree, copy.deepcopy(tree)) == []
        assert describe_playbook_changes(None, tree) == ["9 questions and 18 outcomes"]

    def test_each_change_is_told(self, tree):
        answers = rows(tree, "know")
        answers = [
            ("sales", "No, it is about buying", answers[1][2]),
            ("yes", "Yes", "outcome:thank"),
            ("", "New", "outcome:thank"),
        ]
        changed, _ = edits.put_question(tree, "know", "Do you know it?", "Ask.", answers)
        changed = edits.remove_part(changed, "outcomes", "escalate")
        changed = edits.put_outcome(
            changed, {"key": "o99", "name": "Sing", "advice": "Loudly.", "action": "answer"}
        )
        changed = edits.put_outcome(
            changed,
            {**edits.find_part(changed, "outcomes", "correct"), "advice": "Other.", "action": "private"},
        )
        changed = edits.choose_ends(changed, "know", "thank")
        assert describe_playbook_changes(tree, changed) == [
            "“Who can fix it?”: “Somebody could get hurt, or it cannot wait” → nowhere (was “Make it urgent”)",
            "“Do you know the answer?” now asks “Do you know it?”",
            "“Do you know it?”: help changed",
            "“Do you know it?”: the answer “No: it is about buying” is now “No, it is about buying”",
            "“Do you know it?”: “Yes” → “Say thank you” (was “Does it need anything personal: an order number, an address, a phone number?”)",
            "“Do you know it?”: new answer “New” → “Say thank you”",
            "“Do you know it?”: the answer “No: it is about how a product works” removed",
            "“Do you know it?”: answers reordered",
            "Outcome “Correct it, kindly”: advice changed, now move to private messages",
            "New outcome “Sing”",
            "Outcome “Make it urgent” removed",
            "First question: “Do you know it?”",
            "Default: “Say thank you”",
        ]  # fmt: skip


class TestOutline:
    def test_each_question_is_shown_once_and_referred_to_afterwards(self, tree):
        shown, nodes, again = build_outline(parse_playbook(tree)), [], []

        def visit(node):
            nodes.append(node.question.key)
            for branch in node.branches:
                if branch.node:
                    visit(branch.node)
                elif branch.again:
                    again.append(branch.again.key)

        visit(shown.root)
        assert sorted(nodes) == sorted(one["key"] for one in tree["questions"])
        assert set(again) <= set(nodes)
        assert again
        assert (shown.loose, shown.unused) == ([], [])

    def test_a_circle_ends_and_what_is_lost_is_listed(self, tree):
        changed, _ = edits.put_question(tree, "know", "Do you?", "", [("", "Again", "question:kind")])
        changed = edits.remove_part(changed, "questions", "sure")
        shown = build_outline(parse_playbook(changed))
        assert [node.question.key for node in shown.loose] == ["reach"]
        assert {one.key for one in shown.unused} == {"to-sales", "to-product"}

    def test_actions_in_words(self, tree):
        outcomes = parse_playbook(tree).outcomes
        assert describe_action(outcomes["to-billing"], {"billing": "Billing"}) == "Hand over to Billing"
        assert describe_action(outcomes["leave-it"], {}) == "Dismiss: Provocation, no question"
        assert describe_action(outcomes["take-private"], {}) == "Move to private messages"
