"""The input of a training: corrections by people, the rules' votes on them, and the rules' own words."""

from __future__ import annotations

from dataclasses import dataclass

from routing.classifier.features import Votes
from routing.classifier.hints import rule_phrases
from routing.classifier.training import MAX_EXAMPLES
from routing.classifier.training_data import Example
from routing.conditions.word_lists import inline_word_lists
from routing.learning.example_facts import facts_of_example
from routing.learning.votes import rule_votes, training_votes
from routing.models import RoutingExample, RuleSetVersion
from routing.rules import versions
from routing.rules.engine import compile_rules
from routing.rules.starter import starter_snapshot


@dataclass(frozen=True, slots=True)
class TrainingMaterial:
    """The corrections, oldest first, and two lists of the same with votes, in the same order.

    `training_examples` have the votes to learn from (`training_votes`), `suggestion_examples` the rules'
    actual votes.
    """

    examples: list[RoutingExample]
    training_examples: list[Example]
    suggestion_examples: list[Example]
    hints: list[tuple[str, str]]
    rules_version: int


def load_training_material() -> TrainingMaterial:
    """Read the newest examples, their votes and the rules' words.

    The votes are those of the live rules, or of the starter rules before any were published. Raises
    `RuleSetError` when the rules cannot decide.
    """
    newest = RuleSetVersion.objects.first()
    snapshot = {**newest.snapshot, "version": newest.number} if newest else starter_snapshot()
    rules = versions.live_rules() if newest else compile_rules(snapshot)
    examples = list(RoutingExample.objects.order_by("-at", "-pk")[:MAX_EXAMPLES])[::-1]
    facts = [facts_of_example(example) for example in examples]
    return TrainingMaterial(
        examples,
        _examples_with_votes(examples, training_votes(facts, rules)),
        _examples_with_votes(examples, [rule_votes(example_facts, rules) for example_facts in facts]),
        rule_phrases(inline_word_lists(snapshot)),
        rules.version,
    )


def _examples_with_votes(examples: list[RoutingExample], votes: list[Votes]) -> list[Example]:
    return [
        Example(example.text, example.department, votes_on_it)
        for example, votes_on_it in zip(examples, votes, strict=True)
    ]
