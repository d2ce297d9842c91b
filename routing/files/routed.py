"""The answer of the rules and the learned router for a message of a file."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from routing.classifier.features import Votes
from routing.classifier.router import Guess, belief_scores
from routing.facts import Facts
from routing.learning.active import ActiveRouter
from routing.learning.votes import rule_votes
from routing.rules.engine import CompiledRules, decide


@dataclass(frozen=True, slots=True)
class RoutingAnswer:
    """One row of the answers.

    Departments are slugs. `department` is the most probable one, and `confidence` (0 to 1) its probability:
    that of the learned router, or without a router the general prior for a matching rule or the default.
    `second` is the next most probable department, "" when there is none.
    """

    department: str
    confidence: float
    second: str
    sentiment: str
    language: str
    needs_answer: bool
    reasons: str


def route_message(facts: Facts, rules: CompiledRules, active: ActiveRouter | None) -> RoutingAnswer:
    """Return the answer for one message. Never raises.

    When the router disagrees with the rules, the reasons begin with what it would do.
    """
    decision, votes = decide(facts, rules), rule_votes(facts, rules)
    guesses = active.router.guess(facts.text, votes) if active else _guesses_of_rules(votes, rules)
    best, reasons = guesses[0], list(decision.reasons)
    if active is not None and best.department != decision.department:
        words = ", ".join(f"“{word}”" for word in active.router.reasons(facts.text, votes, best.department))
        does = "Learned from" if active.may_decide_alone(best, votes) else "Suggested by"
        why = f"{does} corrections (version {active.number}){f': {words}' if words else ''}"
        reasons.insert(0, f"{why} → {best.department}")
    second = next((guess.department for guess in guesses[1:] if guess.probability), "")
    wants = facts.wants_answer if decision.needs_answer is None else decision.needs_answer
    return RoutingAnswer(
        best.department, best.probability, second, facts.sentiment, facts.language, wants, " ".join(reasons)
    )


def _guesses_of_rules(votes: Votes, rules: CompiledRules) -> list[Guess]:
    """Return the departments of the matching rules, and the default.

    They are in the order of the rules.
    """
    departments = list(dict.fromkeys([*(rule.department for rule in rules.rules), rules.default]))
    scores = dict(zip(departments, belief_scores(votes, departments), strict=True))
    named = dict.fromkeys([votes.department, *(department for department, _ in votes.holding), rules.default])
    return [Guess(department, _probability(scores, department)) for department in named]


def _probability(scores: dict[str, float], department: str) -> float:
    return exp(scores[department]) / sum(map(exp, scores.values()))
