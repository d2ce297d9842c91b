"""The steps of macros: how they are stored, what they say, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from accounts.models import Department, User
from inbox.cases.customer_tags import LONGEST_TAG
from inbox.cases.hand_overs import LONGEST_REASON
from inbox.cases.verbs import LONGEST_CLOSE_REASON, LONGEST_NOTE
from inbox.models import CannedAnswer, Macro, StepKind
from inbox.replies.placeholders import describe_wrong_placeholder
from inbox.visibility import list_departments
from routing.models import Priority

MOST_STEPS, LONGEST_TITLE, LONGEST_ANSWER = 12, 120, 10_000
#: Ends of a snooze, by their keys: presets of `inbox.later.moments`, and what somebody does.
SNOOZES = {
    "2h": "for 2 hours",
    "tomorrow": "until tomorrow 09:00",
    "monday": "until next Monday 09:00",
    "customer": "until the customer writes",
    "colleague": "until a colleague acts",
}
NOBODY = "nobody"
#: Steps after which nothing more can be done.
LAST_KINDS = (StepKind.RESOLVE, StepKind.DISMISS, StepKind.HAND_OVER, StepKind.SNOOZE)
#: Steps that close the case.
CLOSING_KINDS = (StepKind.RESOLVE, StepKind.DISMISS)
_REPEATABLE = (StepKind.TAG, StepKind.UNTAG)
_LONGEST = {
    StepKind.ANSWER: LONGEST_ANSWER,
    StepKind.NOTE: LONGEST_NOTE,
    StepKind.TAG: LONGEST_TAG,
    StepKind.UNTAG: LONGEST_TAG,
    StepKind.HAND_OVER: LONGEST_REASON,
    StepKind.DISMISS: LONGEST_CLOSE_REASON,
}
#: What is missing where a text is needed.
_MISSING_TEXTS = {
    StepKind.ANSWER: "Choose a canned answer, or write the answer.",
    StepKind.NOTE: "Write the note.",
    StepKind.TAG: "Type the tag.",
    StepKind.UNTAG: "Type the tag to remove.",
    StepKind.HAND_OVER: "Say why the case goes to another department.",
    StepKind.DISMISS: "Say why the case needs no answer.",
}
_MISSING_CHOICES = {
    StepKind.PRIORITISE: "Choose a priority.",
    StepKind.ASSIGN: "Choose a person.",
    StepKind.HAND_OVER: "Choose a department.",
    StepKind.SNOOZE: "Choose until when.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `choice` is an id or a key, "" for none; `name` is how it was called when the macro was saved."""

    kind: StepKind
    choice: str = ""
    text: str = ""
    name: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the step as it is stored."""
        return asdict(self) | {"kind": self.kind.value}

    @property
    def number(self) -> int:
        """The id in `choice`, 0 for none."""
        return (
            int(self.choice)
            if self.choice.isascii() and self.choice.isdigit() and len(self.choice) < 18
            else 0
        )


def read_steps(macro: Macro) -> list[Step]:
    """Return the steps of a macro."""
    return [Step(StepKind(each["kind"]), each["choice"], each["text"], each["name"]) for each in macro.steps]


def answers(steps: Iterable[Step]) -> bool:
    """Return whether the customer gets an answer."""
    return any(step.kind == StepKind.ANSWER for step in steps)


@dataclass(slots=True)
class References:
    """Hold what steps of macros name, as far as it is there for one person."""

    departments: dict[int, Department] = field(default_factory=dict)
    people: dict[int, User] = field(default_factory=dict)
    canned_answers: dict[int, CannedAnswer] = field(default_factory=dict)

    def find_problem(self, step: Step) -> str:
        """Return why a step cannot be done any more.

        "" if it can.
        """
        name = step.name or "that was chosen"
        match step.kind:
            case StepKind.HAND_OVER:
                department = self.departments.get(step.number)
                if department is None:
                    return f"The department “{name}” is not there any more."
                return "" if department.is_open else f"{department} takes no new cases."
            case StepKind.ASSIGN if step.choice != NOBODY and step.number not in self.people:
                return f"{name} no longer works here."
            case StepKind.ANSWER if step.choice and step.number not in self.canned_answers:
                return f"The canned answer “{name}” is archived, or not for you."
            case _:
                return ""

    def describe(self, step: Step) -> str:
        """Return what a step does, in a few words."""
        match step.kind:
            case StepKind.ANSWER if step.choice:
                answer = self.canned_answers.get(step.number)
                return f"Answer with “{answer.title if answer else step.name}”"
            case StepKind.ANSWER | StepKind.NOTE:
                label = "Answer" if step.kind == StepKind.ANSWER else "Note"
                return f"{label}: “{_shorten(step.text)}”"
            case StepKind.HAND_OVER:
                department = self.departments.get(step.number)
                return f"Hand over to {department or step.name}"
            case StepKind.ASSIGN if step.choice == NOBODY:
                return "Give it back: nobody has it"
            case StepKind.ASSIGN:
                return f"Assign to {self.people.get(step.number) or step.name}"
            case _:
                return describe_plainly(step)


def describe_plainly(step: Step) -> str:
    """Return what a step does that names nothing else."""
    match step.kind:
        case StepKind.TAG:
            return f"Tag #{step.text}"
        case StepKind.UNTAG:
            return f"Remove the tag #{step.text}"
        case StepKind.PRIORITISE:
            return f"Set the priority to {priority_label(step.choice)}"
        case StepKind.SNOOZE:
            return f"Snooze {SNOOZES.get(step.choice, '')}".rstrip()
        case StepKind.DISMISS:
            return f"Dismiss: {step.text}"
        case _:
            return str(step.kind.label)


def priority_label(choice: str) -> str:
    """Return a priority in words, the choice itself for none."""
    return next((str(each.label) for each in Priority if str(each.value) == choice), choice)


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def load_references(macros: Iterable[Macro], user: User) -> References:
    """Return what the steps of macros name. At most three statements for any number of them."""
    return load_references_of_steps([step for macro in macros for step in read_steps(macro)], user)


def load_references_of_steps(steps: Sequence[Step], user: User) -> References:
    """Return what steps name. At most three statements."""
    numbers = {
        kind: {step.number for step in steps if step.kind == kind and step.number} for kind in StepKind
    }
    references = References()
    if numbers[StepKind.HAND_OVER]:
        references.departments = {department.pk: department for department in list_departments(user)}
    if numbers[StepKind.ASSIGN]:
        people = User.objects.filter(is_active=True)
        references.people = people.in_bulk(numbers[StepKind.ASSIGN])
    if numbers[StepKind.ANSWER]:
        usable = CannedAnswer.objects.visible_to(user).filter(archived_at__isnull=True)
        references.canned_answers = usable.in_bulk(numbers[StepKind.ANSWER])
    return references


def find_step_problem(step: Step) -> str:
    """Return what is wrong with a typed step.

    "" if nothing is.
    """
    if (
        not step.text.strip()
        and step.kind in _MISSING_TEXTS
        and not (step.kind == StepKind.ANSWER and step.choice)
    ):
        return _MISSING_TEXTS[step.kind]
    if not step.choice and step.kind in _MISSING_CHOICES:
        return _MISSING_CHOICES[step.kind]
    longest = _LONGEST.get(step.kind, 0)
    if len(step.text) > longest > 0:
        return f"That is {len(step.text):,} characters long; at most {longest:,} fit."
    if step.kind in _REPEATABLE and "," in step.text:
        return "One tag for each step."
    if step.kind == StepKind.ANSWER and not step.choice:
        return describe_wrong_placeholder(step.text)
    return ""


def find_conflict_of_steps(steps: Sequence[Step]) -> str:
    """Return why steps do not go together, "" if they do."""
    if not steps:
        return "Add at least one step."
    if len(steps) > MOST_STEPS:
        return f"A macro has at most {MOST_STEPS} steps."
    kinds = [step.kind for step in steps]
    for kind in kinds:
        if kinds.count(kind) > 1 and kind not in _REPEATABLE:
            return f"“{kind.label}” stands in it twice. Keep one of them."
    if kinds.count(StepKind.TAKE) + kinds.count(StepKind.ASSIGN) > 1:
        return "“Take it” and “Assign” do not go together: a case goes to one person."
    last = [kind for kind in kinds if kind in LAST_KINDS]
    if len(last) > 1:
        return f"“{last[0].label}” and “{last[1].label}” do not go together: nothing can be done after the first."
    if last and kinds[-1] != last[0]:
        return f"Put “{last[0].label}” last: nothing can be done after it."
    if StepKind.ANSWER in kinds and StepKind.DISMISS in kinds:
        return "“Answer” and “Dismiss without an answer” do not go together. Resolve it instead."
    if StepKind.HAND_OVER in kinds and {StepKind.TAKE, StepKind.ASSIGN} & set(kinds):
        return "A case that is handed over leaves the person who has it. Remove “Take it” or “Assign”."
    return _find_double_tag(steps)


def _find_double_tag(steps: Sequence[Step]) -> str:
    tags = [step.text.strip() for step in steps if step.kind in _REPEATABLE]
    double = next((tag for tag in tags if tags.count(tag) > 1), "")
    return f"The tag #{double} stands in it twice. Keep one of the steps." if double else ""


def value_of(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return steps as a macro stores them."""
    return [step.as_json() for step in steps]
