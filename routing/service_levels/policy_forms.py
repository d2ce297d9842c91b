"""The forms of service levels: a policy with its escalation steps, and the form that tries the policies."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from accounts.models import Department
from networks.registry import network_choices
from routing.business_hours.notation import HoursError, parse_minutes
from routing.models import Calendar, Priority, SLAPolicy
from routing.models.calendars import LONGEST_MINUTES
from routing.pages.forms import NAME_MISSING, validate_storable
from routing.scope import EditScope
from routing.service_levels.calendar_forms import validate_reachable_date
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS
from routing.service_levels.step_numbers import step_number
from wording.spans import business_span
from wording.times import display_zone

MAX_STEPS = 4
CLOCK_CHOICES = (("", "Any clock"), *CLOCK_LABELS.items())
RECIPIENT_CHOICES = (
    ("assignee", "the assignee"),
    ("managers", "the department’s managers"),
    ("department", "everybody in the department"),
)


class BusinessMinutesField(forms.CharField):
    """A field for business time: "45 min", "2 h", "1 h 30 min". Its value is minutes, None when empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        return business_span(dt.timedelta(minutes=value)) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        try:
            minutes = parse_minutes(str(super().clean(value)))
        except HoursError as error:
            raise forms.ValidationError(str(error)) from error
        if minutes is not None and minutes > LONGEST_MINUTES:
            raise forms.ValidationError("Too long: a target is at most 90 days (2160 h).")
        return minutes


def _is_filled_in(field: forms.BoundField) -> bool:
    """Return whether the field has a value; 0 minutes is one."""
    return field.value() not in (None, "", False, [])


class PolicyForm(forms.Form):
    """The form of one policy. When it is valid, `values` is the argument for `save_policy` of `editing`."""

    name = forms.CharField(
        max_length=80, validators=[validate_storable], error_messages={"required": NAME_MISSING}
    )
    department = forms.ModelChoiceField(
        Department.objects.none(), required=False, empty_label="Any department"
    )
    priority = forms.TypedChoiceField(
        choices=[("", "Any priority"), *Priority.choices], coerce=int, empty_value=None, required=False
    )
    network = forms.ChoiceField(required=False)
    calendar = forms.ModelChoiceField(Calendar.objects.none(), empty_label=None, label="Calendar")
    first_response_minutes = BusinessMinutesField(label=CLOCK_LABELS["first_response"])
    next_response_minutes = BusinessMinutesField(label=CLOCK_LABELS["next_response"])
    resolution_minutes = BusinessMinutesField(label=CLOCK_LABELS["resolution"])
    warning_percent = forms.IntegerField(
        min_value=1,
        max_value=90,
        initial=25,
        required=False,
        label="Warn when this much of a target is left (%)",
    )
    warning_minutes = BusinessMinutesField(label="Or when this much time is left")
    enabled = forms.BooleanField(required=False, initial=True, label="Switched on")
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, scope: EditScope, policy: SLAPolicy | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy
        departments = Department.objects.all()
        if scope.departments is not None:
            own_departments = departments.filter(slug__in=scope.departments)
            self.fields["department"] = forms.ModelChoiceField(own_departments, empty_label=None)
        if scope.is_company_wide:
            self.fields["department"].queryset = departments  # type: ignore[attr-defined]
        self.fields["calendar"].queryset = Calendar.objects.all()  # type: ignore[attr-defined]
        self.fields["network"].choices = [("", "Any network"), *network_choices()]  # type: ignore[attr-defined]
        self.open_departments = [
            (department.slug, department.name) for department in departments if department.is_open
        ]
        self._add_step_fields()
        self.values: dict[str, Any] = {}

    def _add_step_fields(self) -> None:
        move = [("", "Leave it where it is"), *self.open_departments]
        for number in range(MAX_STEPS):
            self.fields |= {
                f"after{number}": BusinessMinutesField(label="Overdue by"),
                f"clock{number}": forms.ChoiceField(choices=CLOCK_CHOICES, required=False, label="Clock"),
                f"notify{number}": forms.MultipleChoiceField(
                    choices=RECIPIENT_CHOICES,
                    required=False,
                    label="Notify",
                    widget=forms.CheckboxSelectMultiple,
                ),
                f"raise{number}": forms.BooleanField(required=False, label="raise the priority by one step"),
                f"move{number}": forms.ChoiceField(choices=move, required=False, label="Move it to"),
                f"number{number}": forms.IntegerField(required=False, widget=forms.HiddenInput),
            }

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Return the fields of each step, for the template.

        `is_spare` is True for the steps after the first empty one.
        """
        parts = ("after", "clock", "notify", "raise", "move")
        filled_in = [
            number
            for number in range(MAX_STEPS)
            if any(_is_filled_in(self[f"{part}{number}"]) for part in parts)
        ]
        first_empty = filled_in[-1] + 1 if filled_in else 0
        return [
            {
                "number": number + 1,
                "is_spare": number > first_empty,
                "own_number": self[f"number{number}"],
                **{part: self[f"{part}{number}"] for part in parts},
            }
            for number in range(MAX_STEPS)
        ]

    @property
    def has_spare_steps(self) -> bool:
        return any(step["is_spare"] for step in self.steps)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        same = SLAPolicy.objects.filter(name__iexact=name)
        if self.policy is not None:
            same = same.exclude(pk=self.policy.pk)
        if same.exists():
            raise forms.ValidationError(f"There is a policy “{name}” already.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        targets = [f"{clock}_minutes" for clock in CLOCKS]
        if all(cleaned.get(name) is None for name in targets) and not any(
            name in self.errors for name in targets
        ):
            self.add_error("first_response_minutes", "Set at least one of the three targets.")
        for name in targets:
            if cleaned.get(name) == 0:
                self.add_error(name, "A target cannot be zero: leave it empty for no target.")
        steps = [step for number in range(MAX_STEPS) if (step := self._clean_step(number))]
        steps.sort(key=lambda step: step["after"])
        fields = (
            "name", "department", "priority", "network", "calendar", *targets, "warning_minutes", "enabled",
        )  # fmt: skip
        self.values = {name: cleaned.get(name) for name in fields}
        self.values |= {"warning_percent": cleaned.get("warning_percent") or 25, "steps": steps}
        return cleaned

    def _clean_step(self, number: int) -> dict[str, Any] | None:
        read = {
            part: self.cleaned_data.get(f"{part}{number}")
            for part in ("after", "clock", "notify", "raise", "move", "number")
        }
        acts = read["notify"] or read["raise"] or read["move"]
        if not acts and read["after"] is None:
            return None
        if f"after{number}" in self.errors:
            return None
        if not acts:
            self.add_error(
                f"after{number}",
                f"Step {number + 1} does nothing: notify somebody, raise the priority or move the case.",
            )
            return None
        return {
            "after": read["after"] or 0,
            "clock": read["clock"],
            "notify": read["notify"],
            "raise": bool(read["raise"]),
            "move_to": read["move"],
            "number": read["number"],
        }


def policy_form_initial(policy: SLAPolicy) -> dict[str, Any]:
    """Return the initial values for the form of a stored policy."""
    names = (
        "name", "priority", "network", "first_response_minutes", "next_response_minutes", "resolution_minutes",
        "warning_percent", "warning_minutes", "enabled",
    )  # fmt: skip
    initial = {name: getattr(policy, name) for name in names}
    initial |= {"department": policy.department_id, "calendar": policy.calendar_id}
    for number, step in enumerate(policy.steps[:MAX_STEPS]):
        initial |= {
            f"after{number}": step["after"],
            f"clock{number}": step.get("clock", ""),
            f"notify{number}": step.get("notify", []),
            f"raise{number}": step.get("raise", False),
            f"move{number}": step.get("move_to", ""),
            f"number{number}": step_number(step, number),
        }
    return initial


class TryPoliciesForm(forms.Form):
    """A message to try the policies on: its arrival, and the properties of its case.

    Times are in the display zone.
    """

    at = forms.DateTimeField(
        label="A message arrives",
        validators=[validate_reachable_date],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    department = forms.ModelChoiceField(Department.objects.none(), empty_label=None)
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, initial=Priority.NORMAL)
    network = forms.ChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].label = f"A message arrives (time in {display_zone().key})"
        self.fields["department"].queryset = Department.objects.filter(is_open=True)  # type: ignore[attr-defined]
        self.fields["network"].choices = network_choices()  # type: ignore[attr-defined]

    def arrival_moment(self) -> dt.datetime:
        """Return the entered moment, in UTC."""
        at: dt.datetime = self.cleaned_data["at"]
        naive = at.replace(tzinfo=None)
        return naive.replace(tzinfo=display_zone()).astimezone(dt.UTC)
