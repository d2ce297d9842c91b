"""The form of a calendar: one text field per weekday, special days one per line. It keeps invalid input."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms

from routing.business_hours.calendar import CalendarError, compile_calendar, parse_time_zone
from routing.business_hours.notation import (
    WEEKDAYS,
    HoursError,
    format_hours,
    overnight_overlaps,
    parse_hours,
)
from routing.business_hours.public_holidays import country_names, subdivisions_by_country
from routing.letters import fold_text
from routing.models import Calendar, CalendarVersion
from routing.pages.forms import NAME_MISSING, validate_storable
from wording.opening_hours import closes_a_minute_early

MAX_LISTED_DAYS = 400
_PLACEHOLDER = "9:00–12:30, 14:00–18:00"
_NEVER_OPEN = "No day of the week has hours: nothing that is counted by this calendar would ever be due."
_HELP = "One day per line, for example 2026-12-24."


def validate_reachable_date(value: dt.date) -> None:
    """Reject days before 2000 and after 2199, which nobody means.

    A validator of form fields. Raises `ValidationError`.
    """
    if not 2000 <= value.year < 2200:
        raise forms.ValidationError("Choose a day between 2000 and 2199.")


class CalendarForm(forms.Form):
    """The form of one calendar. When it is valid, `content` is the snapshot to store."""

    name = forms.CharField(
        max_length=80, validators=[validate_storable], error_messages={"required": NAME_MISSING}
    )
    time_zone = forms.CharField(
        max_length=60,
        label="Time zone",
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        help_text="For example Europe/Berlin. Summer time is taken into account.",
    )
    subdivision = forms.CharField(
        required=False,
        max_length=20,
        help_text="The state or region, for example BE for Berlin or NY for New York; empty for the whole country’s.",
    )
    closed = forms.CharField(
        required=False,
        max_length=20_000,
        label="Other closed days",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "2026-12-24"}),
        help_text=_HELP,
    )
    special = forms.CharField(
        required=False,
        max_length=40_000,
        label="Days with special hours",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "2026-12-31 9:00–12:00"}),
        help_text="One day per line, then its hours. They also count on a public holiday.",
    )
    in_force_from = forms.DateField(
        required=False,
        validators=[validate_reachable_date],
        label="In force from",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: from now on. Time before is counted by the hours that were in force then; what was planned for "
        "later gives way.",
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, calendar: Calendar | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar = calendar
        if calendar is None:
            del self.fields["in_force_from"]
        choices = [
            ("", "None: open on holidays"),
            *sorted(country_names().items(), key=lambda country: fold_text(country[1])),
        ]
        self.fields["country"] = forms.ChoiceField(
            required=False, label="Closed on the public holidays of", choices=choices
        )
        for number, day in enumerate(WEEKDAYS):
            attributes = {"placeholder": "closed", "inputmode": "text", "autocomplete": "off"}
            self.fields[f"day{number}"] = forms.CharField(
                required=False, max_length=200, label=day, widget=forms.TextInput(attrs=attributes)
            )
        self.content: dict[str, Any] = {}

    @property
    def days(self) -> list[forms.BoundField]:
        """Return the seven fields of the week."""
        return [self[f"day{number}"] for number in range(7)]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        same = Calendar.objects.filter(name__iexact=name)
        if same.exclude(pk=self.calendar.pk if self.calendar else 0).exists():
            raise forms.ValidationError(f"There is a calendar “{name}” already.")
        return name

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        try:
            parse_time_zone(name)
        except CalendarError as error:
            cities = [zone for zone in time_zone_names() if _city_of(zone) == _city_of(name)]
            hint = f" Do you mean {' or '.join(cities[:3])}?" if cities else ""
            raise forms.ValidationError(f"{error}{hint}") from error
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        week = [
            self._parse_hours_field(f"day{number}", cleaned.get(f"day{number}", "")) for number in range(7)
        ]
        for place, sentence in overnight_overlaps(week):
            self.add_error(f"day{place}", sentence)
        closed = [
            day for line in self._field_lines("closed") if (day := self._parse_date_line("closed", line))
        ]
        content = {
            "time_zone": cleaned.get("time_zone", ""),
            "week": [[list(pair) for pair in day] for day in week],
            "country": cleaned.get("country", ""),
            "subdivision": _spell_subdivision(
                cleaned.get("country", ""), cleaned.get("subdivision", "").strip()
            ),
            "closed": sorted(set(closed)),
            "special": self._parse_special_days(),
        }
        if not self.errors and not any(week):
            self.add_error("day0", _NEVER_OPEN)
        if not self.errors:
            try:
                compile_calendar(content)
            except CalendarError as error:
                self.add_error(_field_of_error(str(error)), str(error))
            else:
                self.content = content
        return cleaned

    def _parse_hours_field(self, field: str, text: str) -> tuple[tuple[int, int], ...]:
        try:
            return parse_hours(text)
        except HoursError as error:
            self.add_error(field, str(error))
            return ()

    def _field_lines(self, field: str) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data.get(field, "").splitlines() if line.strip()]
        if len(lines) > MAX_LISTED_DAYS:
            self.add_error(field, f"{len(lines)} days are too many: {MAX_LISTED_DAYS} are allowed.")
        return lines[:MAX_LISTED_DAYS]

    def _parse_date_line(self, field: str, text: str) -> str:
        try:
            return dt.date.fromisoformat(text).isoformat()
        except ValueError:
            self.add_error(field, f"“{text[:30]}” is not a date: write it as 2026-12-24.")
            return ""

    def _parse_special_days(self) -> dict[str, list[list[int]]]:
        hours_by_day: dict[str, list[list[int]]] = {}
        for line in self._field_lines("special"):
            day, _, hours = line.partition(" ")
            day = self._parse_date_line("special", day.rstrip(":"))
            if day in hours_by_day:
                self.add_error("special", f"{day} is there twice.")
            if day:
                hours_by_day[day] = [list(pair) for pair in self._parse_hours_field("special", hours)]
        return hours_by_day

    @property
    def midnight_hint(self) -> str:
        """A sentence where hours end at 23:59, "" otherwise."""
        hours = [*self.content["week"], *self.content["special"].values()]
        if not any(map(closes_a_minute_early, hours)):
            return ""
        return (
            "Hours that end at 23:59 leave out the minute before midnight: write 24:00 if midnight is meant."
        )

    def in_force_moment(self) -> dt.datetime | None:
        """Return the moment from which the hours are in force.

        It is midnight in the calendar's own zone; None means from now on.
        """
        day: dt.date | None = self.cleaned_data.get("in_force_from")
        if day is None:
            return None
        return dt.datetime.combine(day, dt.time(), ZoneInfo(self.content["time_zone"])).astimezone(dt.UTC)


def _city_of(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace(" ", "_").casefold()


def _spell_subdivision(country: str, typed: str) -> str:
    """Return the subdivision as the list of holidays spells it."""
    codes = subdivisions_by_country().get(country, ())
    return next((code for code in codes if code.casefold() == typed.casefold()), typed)


def _field_of_error(sentence: str) -> str:
    if "both closed" in sentence:
        return "special"
    return "subdivision" if "subdivision" in sentence else "country"


def calendar_form_initial(calendar: Calendar, version: CalendarVersion) -> dict[str, Any]:
    """Return the initial values for the form of a stored calendar."""
    content = version.content
    return {
        "name": calendar.name,
        "time_zone": content["time_zone"],
        "country": content.get("country", ""),
        "subdivision": content.get("subdivision", ""),
        "closed": "\n".join(content.get("closed", [])),
        "special": "\n".join(
            f"{day} {format_hours(hours) or 'closed'}"
            for day, hours in sorted(content.get("special", {}).items())
        ),
        "seen": version.number,
        **{f"day{number}": format_hours(hours) for number, hours in enumerate(content["week"])},
    }


def time_zone_names() -> list[str]:
    """Return the time zones that the form suggests."""
    return sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "posix", "right"))
    )
