"""The demo's macros: what its agents do again and again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from accounts.models import Department, Role, User
from inbox.canned_answers.rights import COMPANY, department_place
from inbox.macros.editing import TypedMacro, save_macro
from inbox.macros.steps import Step
from inbox.models import Macro, StepKind

#: By title: the department, "" for the company, and the steps as kind, choice and text. A hand-over goes to the slug of its choice.
_MACROS: dict[str, tuple[str, list[tuple[StepKind, str, str]]]] = {
    "Thank for praise": ("", [
        (StepKind.ANSWER, "", "Thank you, {customer}! We pass it on to the team, who will be glad."),
        (StepKind.TAG, "", "praise"),
        (StepKind.RESOLVE, "", ""),
    ]),
    "Not meant for us": ("", [
        (StepKind.TAG, "", "not-for-us"),
        (StepKind.DISMISS, "", "Not meant for us"),
    ]),
    "Ask for the order number": ("", [
        (StepKind.ANSWER, "", "Hello {customer}, please send us your order number, and we will look into it."),
        (StepKind.TAKE, "", ""),
        (StepKind.SNOOZE, "customer", ""),
    ]),
    "Parcel is late": ("service", [
        (StepKind.ANSWER, "", "Hello {customer}, sorry for the wait. We are asking the carrier and come back to you."),
        (StepKind.TAG, "", "parcel-late"),
        (StepKind.PRIORITISE, "1", ""),
        (StepKind.TAKE, "", ""),
    ]),
    "Refund: over to Billing": ("service", [
        (StepKind.NOTE, "", "Checked: the return has arrived, the money has not gone back yet."),
        (StepKind.TAG, "", "refund"),
        (StepKind.HAND_OVER, "billing", "The return has arrived: please pay back."),
    ]),
}  # fmt: skip


def seed_macros(departments: Mapping[str, Department], now: dt.datetime) -> None:
    """Keep the demo's macros, unless there are some."""
    by = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk").first()
    if by is None or Macro.objects.exists():
        return
    for title, (slug, steps) in _MACROS.items():
        place = department_place(departments[slug]) if slug else COMPANY
        save_macro(None, TypedMacro(title, place, [_step(each, departments) for each in steps]), by, now)


def _step(each: tuple[StepKind, str, str], departments: Mapping[str, Department]) -> Step:
    kind, choice, text = each
    department = departments.get(choice)
    return Step(kind, str(department.pk), text, department.name) if department else Step(kind, choice, text)
