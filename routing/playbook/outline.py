"""A playbook as a nested list, each question below the first answer that leads to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from routing.playbook.tree import ACTION_LABELS, Outcome, PlaybookTree, Question


@dataclass(slots=True)
class OutlineBranch:
    """An answer and its target.

    The target is one of: a question below it (`node`), a question shown elsewhere (`again`), an outcome, or
    nothing.
    """

    answer: str
    node: OutlineNode | None = None
    again: Question | None = None
    outcome: Outcome | None = None


@dataclass(slots=True)
class OutlineNode:
    """A question with its answers in order."""

    question: Question
    branches: list[OutlineBranch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    """The nested list. No answer leads to the `loose` questions and the `unused` outcomes."""

    root: OutlineNode | None
    default: Outcome | None
    loose: list[OutlineNode]
    unused: list[Outcome]


def build_outline(tree: PlaybookTree) -> Outline:
    """Return the outline of a tree. Terminates even when the tree has a cycle."""
    seen: set[str] = set()
    used = {tree.default}

    def build_node(question: Question) -> OutlineNode:
        seen.add(question.key)
        node = OutlineNode(question)
        for answer in question.answers:
            branch = OutlineBranch(answer.text)
            target = tree.questions.get(answer.question)
            if target is not None and target.key in seen:
                branch.again = target
            elif target is not None:
                branch.node = build_node(target)
            else:
                branch.outcome = tree.outcomes.get(answer.outcome)
                used.add(answer.outcome)
            node.branches.append(branch)
        return node

    first = tree.questions.get(tree.start)
    root = build_node(first) if first else None
    loose = [build_node(question) for question in tree.questions.values() if question.key not in seen]
    unused = [outcome for outcome in tree.outcomes.values() if outcome.key not in used]
    return Outline(root, tree.outcomes.get(tree.default), loose, unused)


def describe_action(outcome: Outcome, names: dict[str, str]) -> str:
    """Return the suggestion of an outcome, such as "Hand over to Billing".

    `names` maps departments' slugs to their names.
    """
    words = ACTION_LABELS.get(outcome.action, "No action yet")
    if outcome.action == "hand_over":
        return f"Hand over to {names.get(outcome.department, outcome.department) or 'a department'}"
    if outcome.action == "dismiss":
        return f"Dismiss: {outcome.reason}"
    return words
