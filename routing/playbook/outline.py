"""A playbook as a nested list, each question where it is first led to."""

from __future__ import annotations

from dataclasses import dataclass, field

from routing.playbook.tree import ACTIONS, Outcome, Question, Tree


@dataclass(slots=True)
class Branch:
    """An answer and where it leads: to a question below it, to one shown elsewhere (`again`), to an outcome, nowhere."""

    answer: str
    node: Node | None = None
    again: Question | None = None
    outcome: Outcome | None = None


@dataclass(slots=True)
class Node:
    question: Question
    branches: list[Branch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    """`loose` are the questions that no answer leads to, `unused` the outcomes likewise."""

    root: Node | None
    default: Outcome | None
    loose: list[Node]
    unused: list[Outcome]


def outline(tree: Tree) -> Outline:
    """The whole tree; ends also for one that goes round in a circle."""
    seen: set[str] = set()
    used = {tree.default}

    def node(question: Question) -> Node:
        seen.add(question.key)
        shown = Node(question)
        for answer in question.answers:
            branch = Branch(answer.text)
            there = tree.questions.get(answer.question)
            if there is not None and there.key in seen:
                branch.again = there
            elif there is not None:
                branch.node = node(there)
            else:
                branch.outcome = tree.outcomes.get(answer.outcome)
                used.add(answer.outcome)
            shown.branches.append(branch)
        return shown

    first = tree.questions.get(tree.start)
    root = node(first) if first else None
    loose = [node(one) for one in tree.questions.values() if one.key not in seen]
    unused = [one for one in tree.outcomes.values() if one.key not in used]
    return Outline(root, tree.outcomes.get(tree.default), loose, unused)


def action_words(outcome: Outcome, names: dict[str, str]) -> str:
    """What an outcome suggests, as "Hand over to Billing". `names`: department slug → name."""
    words = ACTIONS.get(outcome.action, "Nothing to do yet")
    if outcome.action == "hand_over":
        return f"Hand over to {names.get(outcome.department, outcome.department) or 'a department'}"
    if outcome.action == "dismiss":
        return f"Dismiss: {outcome.reason}"
    return words
