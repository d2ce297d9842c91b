"""The rules' votes on messages, in the form that the learned router takes. No database."""

from __future__ import annotations

from collections.abc import Sequence

from routing.classifier.features import Votes
from routing.facts import Facts
from routing.learning.held_out import held_out_hits
from routing.rules.engine import CompiledRules, matching_rules

#: From this many messages on, words that only one message has are held out; with fewer messages most words
#: are rare.
HELD_OUT_FROM = 500


def rule_votes(facts: Facts, rules: CompiledRules) -> Votes:
    """Return the rules' votes on one message."""
    return _votes_from_hits(facts, rules.index.find_seen_numbers(facts), rules)


def held_out_votes(facts: Sequence[Facts], rules: CompiledRules) -> list[Votes]:
    """Return the votes as if the rules' authors had read no message.

    See `routing.learning.held_out`.
    """
    hits = held_out_hits(facts, rules)
    return [
        _votes_from_hits(message_facts, numbers, rules)
        for message_facts, numbers in zip(facts, hits, strict=True)
    ]


def training_votes(facts: Sequence[Facts], rules: CompiledRules) -> list[Votes]:
    """Return the votes to learn from.

    Rules may have been written with these very messages in view, and so be right about them more often than
    about others. From `HELD_OUT_FROM` messages on, the votes are therefore those of `held_out_votes`.
    """
    if len(facts) >= HELD_OUT_FROM:
        return held_out_votes(facts, rules)
    return [rule_votes(message_facts, rules) for message_facts in facts]


def _votes_from_hits(facts: Facts, seen: set[int], rules: CompiledRules) -> Votes:
    matching = matching_rules(seen, rules)
    return Votes(
        department=matching[0].department if matching else rules.default,
        by_default=not matching,
        holding=tuple((rule.department, rule.key) for rule in matching),
        sentiment=facts.sentiment,
    )
