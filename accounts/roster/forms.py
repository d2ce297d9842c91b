"""Forms of the roster: shifts, the promised hours, and swapping two shifts."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import BrandAccount, Shift, User
from accounts.models.roster import WEEKDAYS
from accounts.roster.planning import brand_account_zone, find_roster_candidates
from wording.opening_hours import HoursError, Intervals, parse_hours

#: Minutes per cell: the roster is shown in quarters of an hour.
QUARTER = 15


def _time_field(label: str) -> forms.TimeField:
    return forms.TimeField(
        label=label, widget=forms.TimeInput(attrs={"type": "time", "step": QUARTER * 60}, format="%H:%M")
    )


def _day_field(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class ShiftForm(forms.Form):
    """A weekly shift on one or more days, or a shift on one date.

    Stores nothing: `build_shifts` returns the shifts to store.
    """

    weekdays = forms.TypedMultipleChoiceField(
        choices=list(enumerate(WEEKDAYS)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Every week on",
    )
    date = _day_field("Or only on", "A dated shift replaces the weekly one.")
    starts_at = _time_field("From")
    ends_at = _time_field("Until")
    primary = forms.ModelChoiceField(queryset=User.objects.none(), required=False, empty_label="Nobody")
    backup = forms.ModelChoiceField(queryset=User.objects.none(), required=False, empty_label="Nobody")
    valid_from = _day_field("Valid from", "Empty: from today.")
    valid_until = _day_field("Valid until", "The last day, included. Empty: no end.")

    def __init__(
        self, *args: Any, brand_account: BrandAccount, shift: Shift | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.brand_account, self.shift = brand_account, shift
        people = find_roster_candidates(brand_account)
        if shift is not None:
            current = [user.pk for user in (shift.primary, shift.backup) if user is not None]
            people = User.objects.filter(pk__in=[*people.values_list("pk", flat=True), *current])
            names = ("date", "starts_at", "ends_at", "primary", "backup", "valid_from", "valid_until")
            self.initial = {name: getattr(shift, name) for name in names}
            self.initial["weekdays"] = [shift.weekday] if shift.weekday is not None else []
            self.fields["valid_from"].help_text = "Empty: from the beginning."
        for name in ("primary", "backup"):
            cast("forms.ModelChoiceField[User]", self.fields[name]).queryset = people

    def clean(self) -> dict[str, Any]:
        """Check for weekdays or a date, whole quarters, two different people."""
        data = super().clean() or self.cleaned_data
        weekdays, date = data.get("weekdays"), data.get("date")
        if bool(weekdays) == bool(date):
            self.add_error("date", "Choose days of the week, or one date.")
        if self.shift is not None and weekdays and len(weekdays) > 1:
            self.add_error("weekdays", "A shift that is changed has one day. Add the others as new shifts.")
        for name in ("starts_at", "ends_at"):
            at = data.get(name)
            if at is not None and (at.minute % QUARTER or at.second):
                self.add_error(name, "Use quarter hours, for example 9:00 or 9:15.")
        self._check_people(data)
        self._check_validity(data)
        return data

    def _check_people(self, data: dict[str, Any]) -> None:
        primary, backup = data.get("primary"), data.get("backup")
        if primary is None and not data.get("date"):
            self.add_error("primary", "Choose who is on point. To have nobody on one day, give its date.")
        if backup is not None and primary is None:
            self.add_error("backup", "Without a primary there is no backup.")
        elif backup is not None and backup == primary:
            self.add_error("backup", "The backup has to be somebody else.")

    def _check_validity(self, data: dict[str, Any]) -> None:
        first, last = data.get("valid_from"), data.get("valid_until")
        if data.get("date") and (first or last):
            self.add_error("valid_from", "A shift on a date needs no validity.")
        elif self.shift is None and not first and not data.get("date"):
            # From today on: earlier weeks, and their coverage, stay as they were.
            today = timezone.localdate(timezone=brand_account_zone(self.brand_account))
            if last and last < today:
                self.add_error(
                    "valid_until", "This day is over. For a shift in the past, give its first day, too."
                )
            elif "valid_from" not in self.errors:
                data["valid_from"] = today
        elif first and last and last < first:
            self.add_error("valid_until", "The last day is before the first.")

    def build_shifts(self) -> list[Shift]:
        """Return the shifts to store: the changed one, or one per weekday."""
        data = self.cleaned_data
        names = ("starts_at", "ends_at", "primary", "backup", "valid_from", "valid_until", "date")
        built = []
        for weekday in data["weekdays"] or [None]:
            shift = self.shift or Shift(brand_account=self.brand_account)
            for name in names:
                setattr(shift, name, data[name])
            shift.weekday = weekday
            built.append(shift)
        return built


class PromisedHoursForm(forms.Form):
    """Hours in which somebody is promised to be on point, and their time zone.

    One line per weekday, such as “08:00-12:00, 13:00-18:00”.
    """

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[
            (name, name.replace("_", " "))
            for name in sorted(available_timezones())
            if "/" in name or name == "UTC"
        ],
    )

    def __init__(self, *args: Any, brand_account: BrandAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.brand_account = brand_account
        self.initial["time_zone"] = brand_account.time_zone
        by_day: dict[int, list[str]] = {}
        for day, starts, ends in brand_account.promised_hours:
            by_day.setdefault(day, []).append(f"{format_clock(starts)}-{format_clock(ends)}")
        for day, name in enumerate(WEEKDAYS):
            self.fields[f"day-{day}"] = forms.CharField(label=name, required=False, max_length=100)
            self.initial[f"day-{day}"] = ", ".join(by_day.get(day, []))

    def clean(self) -> dict[str, Any]:
        """Check that hours can be read and do not overlap."""
        data = super().clean() or self.cleaned_data
        for day in range(7):
            name = f"day-{day}"
            try:
                data[name] = _parse_intervals(data.get(name, ""))
            except ValidationError as error:
                self.add_error(name, error)
        return data

    def save(self) -> None:
        """Store the zone and the hours. No hours mean every hour."""
        brand_account = self.brand_account
        brand_account.time_zone = ZoneInfo(self.cleaned_data["time_zone"]).key
        brand_account.promised_hours = [
            [day, starts, ends] for day in range(7) for starts, ends in self.cleaned_data[f"day-{day}"]
        ]
        brand_account.save(update_fields=["time_zone", "promised_hours"])


def _parse_intervals(text: str) -> Intervals:
    try:
        intervals = parse_hours(text)
    except HoursError as error:
        raise ValidationError(str(error)) from error
    for opens, closes in intervals:
        if opens % QUARTER or closes % QUARTER:
            raise ValidationError(
                f"“{format_clock(opens)}-{format_clock(closes)}” is not a time in quarter hours. Midnight is 24:00."
            )
    return intervals


def format_clock(minutes: int) -> str:
    """Format minutes from midnight as a time of day.

    1500 is "01:00"; midnight at the end of a day is "24:00".
    """
    if minutes == 1440:
        return "24:00"
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


class SwapShiftsForm(forms.Form):
    """The two shifts of the shown week to swap, each as “ID:DAY”."""

    first = forms.ChoiceField(label="Shift")
    second = forms.ChoiceField(label="with")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            cast("forms.ChoiceField", self.fields[name]).choices = [("", "Choose a shift"), *choices]

    def chosen_shifts(self) -> tuple[tuple[int, dt.date], tuple[int, dt.date]]:
        """Return (id, day) of both shifts."""
        first, second = (_parse_choice(self.cleaned_data[name]) for name in ("first", "second"))
        return first, second


def _parse_choice(choice: str) -> tuple[int, dt.date]:
    shift_id, day = choice.split(":")
    return int(shift_id), dt.date.fromisoformat(day)
