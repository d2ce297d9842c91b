"""A playbook as a nested list, each question where it is first led to."""

from __future__ import annotations

from dataclasses import dataclass, field

from routing.playbook.tree import ACTION_LABELS, Outcome, PlaybookTree, Question


@dataclass(slots=True)
class OutlineBranch:
    """An answer and where it leads: to a question below it, to one shown elsewhere (`again`), to an outcome, nowhere."""

    answer: str
    node: OutlineNode | None = None
    again: Question | None = None
    outcome: Outcome | None = None


@dataclass(slots=True)
class OutlineNode:
    question: Question
    branches: list[OutlineBranch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    """`loose` are the questions that no answer leads to, `unused` the outcomes likewise."""

    root: OutlineNode | None
    default: Outcome | None
    loose: list[OutlineNode]
    unused: list[Outcome]


def build_outline(tree: PlaybookTree) -> Outline:
    """The whole tree; ends also for one that goes round in a circle."""
    seen: set[str] = set()
    used = {tree.default}

    def node(question: Question) -> OutlineNode:
        seen.add(question.key)
        shown = OutlineNode(question)
        for answer in question.answers:
            branch = OutlineBranch(answer.text)
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


def describe_action(outcome: Outcome, names: dict[str, str]) -> str:
    """What an outcome suggests, as "Hand over to Billing". `names`: department slug → name."""
    words = ACTION_LABELS.get(outcome.action, "Nothing to do yet")
    if outcome.action == "hand_over":
        return f"Hand over to {names.get(outcome.department, outcome.department) or 'a department'}"
    if outcome.action == "dismiss":
        return f"Dismiss: {outcome.reason}"
    return words
