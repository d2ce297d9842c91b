"""What the rules and the learned router say about a message of a file: the department, how sure, and the next best."""

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
    """One row of the answer. Departments are slugs; `department` is where the message most probably belongs, all things
    considered, and `confidence` (0 to 1) how probable that is: what the learned router says, or without one how far a
    rule, or the default, is believed on the whole. `second` is "" where nothing speaks for another."""

    department: str
    confidence: float
    second: str
    sentiment: str
    language: str
    needs_answer: bool
    reasons: str


def route_message(facts: Facts, rules: CompiledRules, active: ActiveRouter | None) -> RoutingAnswer:
    """What is said about one message; the reasons begin with what the router would do where it thinks otherwise than
    the rules. Never raises."""
    decision, votes = decide(facts, rules), rule_votes(facts, rules)
    guesses = active.router.guess(facts.text, votes) if active else _guesses_of_rules(votes, rules)
    best, reasons = guesses[0], list(decision.reasons)
    if active is not None and best.department != decision.department:
        told = ", ".join(f"“{one}”" for one in active.router.reasons(facts.text, votes, best.department))
        does = "Learned from" if active.may_decide_alone(best, votes) else "Suggested by"
        why = f"{does} corrections (version {active.number}){f': {told}' if told else ''}"
        reasons.insert(0, f"{why} → {best.department}")
    second = next((one.department for one in guesses[1:] if one.probability), "")
    wants = facts.wants_answer if decision.needs_answer is None else decision.needs_answer
    return RoutingAnswer(
        best.department, best.probability, second, facts.sentiment, facts.language, wants, " ".join(reasons)
    )


def _guesses_of_rules(votes: Votes, rules: CompiledRules) -> list[Guess]:
    """The departments that rules name for this message, in the order of the rules, and the default."""
    departments = list(dict.fromkeys([*(rule.department for rule in rules.rules), rules.default]))
    said = dict(zip(departments, belief_scores(votes, departments), strict=True))
    named = dict.fromkeys([votes.department, *(department for department, _ in votes.holding), rules.default])
    return [Guess(department, _probability(said, department)) for department in named]


def _probability(said: dict[str, float], department: str) -> float:
    return exp(said[department]) / sum(map(exp, said.values()))
