"""Forms for skills, languages, capacity, leave, and how a department distributes its cases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.access import ROLES
from accounts.models import AssignmentMode, AuditVerb, Department, Leave, Skill, User
from accounts.working_time.presence import leave_words, local_date, record_leave
from wording.times import company_zone, zone_names

if TYPE_CHECKING:
    UserModelForm = forms.ModelForm[User]
    LeaveModelForm = forms.ModelForm[Leave]
    DepartmentModelForm = forms.ModelForm[Department]
else:
    UserModelForm = LeaveModelForm = DepartmentModelForm = forms.ModelForm

#: Names of languages by ISO 639 code, and codes by every name and code in lower case.
LANGUAGES: dict[str, str] = {
    code: info["name"] for code, info in LANG_INFO.items() if "name" in info and "-" not in code
}
_LANGUAGE_CODES = {key: code for code, name in LANGUAGES.items() for key in (code, name.lower())} | {
    "chinese": "zh", "zh": "zh", "tagalog": "tl", "tl": "tl",
}  # fmt: skip
_LANGUAGE_NAMES = LANGUAGES | {"zh": "Chinese", "tl": "Tagalog"}
_SEPARATORS = re.compile(r"[,;\n]")
_MAX_SKILLS, _MAX_SKILL_LENGTH = 30, 60


def language_name(code: str) -> str:
    """Return a language's display name; an unknown code unchanged."""
    return _LANGUAGE_NAMES.get(code, code)


class WorkForm(UserModelForm):
    """A person's languages by name or code, skills by name, and capacity. New skills become available to
    everybody.
    """

    languages = forms.CharField(
        required=False,
        max_length=300,
        help_text="Languages they can answer in, for example “English, German”. Cases in other languages go to others first.",
    )
    skills = forms.CharField(
        required=False,
        max_length=1500,
        help_text="What only some people can do, for example “refunds, coffee machines”. Rules can require them.",
    )

    class Meta:
        model = User
        fields = ("languages", "capacity")
        help_texts = {
            "capacity": "Maximum open cases assigned automatically; 0 for none. They can take more."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["languages"] = ", ".join(language_name(code) for code in self.instance.languages)
        self.initial["skills"] = ", ".join(self.instance.skills.values_list("name", flat=True))
        self.fields["capacity"].widget.attrs.update(min=0, max=500)

    def clean_languages(self) -> list[str]:
        codes = []
        for word in _split_words(self.cleaned_data["languages"]):
            code = _LANGUAGE_CODES.get(word.lower())
            if code is None:
                raise ValidationError(f"“{word}” is not a language that is known here. Write it in English.")
            codes.append(code)
        return list(dict.fromkeys(codes))

    def clean_skills(self) -> list[str]:
        words = {word.lower(): word for word in _split_words(self.cleaned_data["skills"])}
        if len(words) > _MAX_SKILLS:
            raise ValidationError(f"At most {_MAX_SKILLS} skills a person.")
        for word in words.values():
            if len(word) > _MAX_SKILL_LENGTH or not slugify(word, allow_unicode=False):
                raise ValidationError(
                    f"“{word[:80]}” cannot be a skill: use letters or digits, at most {_MAX_SKILL_LENGTH}."
                )
        return list(words.values())

    def clean_capacity(self) -> int:
        capacity: int = self.cleaned_data["capacity"]
        if capacity > 500:
            raise ValidationError("At most 500.")
        return capacity

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        """Store only the fields of this form.

        Presence and session are written by other processes at the same time.
        """
        user = super().save(commit=False)
        user.save(update_fields=["languages", "capacity"])
        user.skills.set([_get_or_create_skill(name) for name in self.cleaned_data["skills"]])
        return user


def _split_words(text: str) -> list[str]:
    return [word for part in _SEPARATORS.split(text) if (word := " ".join(part.split()))]


def _get_or_create_skill(name: str) -> Skill:
    skill = (
        Skill.objects.filter(name__iexact=name).first() or Skill.objects.filter(slug=slugify(name)).first()
    )
    return skill or Skill.objects.create(name=name, slug=slugify(name)[:50])


class LeaveForm(LeaveModelForm):
    """Days of a person's leave, including the last one, and their substitute."""

    class Meta:
        model = Leave
        fields = ("starts_on", "ends_on", "substitute")
        labels = {"starts_on": "First day", "ends_on": "Last day"}
        widgets = {
            "starts_on": forms.DateInput(attrs={"type": "date"}),
            "ends_on": forms.DateInput(attrs={"type": "date"}),
        }

    def __init__(self, *args: Any, person: User, own: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.user = person
        possessive = "your" if own else "their"
        colleagues = User.objects.filter(is_active=True, role__in=ROLES["claim"]).exclude(pk=person.pk)
        self.fields["substitute"] = forms.ModelChoiceField(
            queryset=colleagues.order_by("first_name", "last_name"),
            required=False,
            empty_label="Nobody",
            help_text=f"Takes over {possessive} open cases. Without a substitute they go back to their departments.",
        )

    def clean(self) -> dict[str, Any]:
        """Check the order of the days, and that no other leave overlaps."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first is None or last is None:
            return cleaned
        if last < first:
            self.add_error("ends_on", "The last day is before the first.")
            return cleaned
        if last < local_date(timezone.now()):
            self.add_error("ends_on", "This leave is over already. Plan leave that ends today or later.")
            return cleaned
        other = Leave.objects.filter(user=self.instance.user, starts_on__lte=last, ends_on__gte=first).first()
        if other is not None:
            self.add_error(
                "starts_on",
                f"There is leave from {other.starts_on:%d.%m.%Y} to {other.ends_on:%d.%m.%Y} already.",
            )
        return cleaned

    @transaction.atomic
    def save(self, commit: bool = True) -> Leave:
        """Store the leave, and note it in the audit log."""
        leave = super().save(commit)
        record_leave(AuditVerb.LEAVE_PLANNED, leave.user, "", leave_words(leave))
        return leave


class AssignmentForm(DepartmentModelForm):
    """The way in which a department's cases are assigned to people."""

    assignment_mode = forms.ChoiceField(
        choices=AssignmentMode.choices, widget=forms.RadioSelect, label="Cases go to people"
    )

    class Meta:
        model = Department
        fields = ("assignment_mode", "max_per_person", "prefers_last_helper")
        labels = {
            "max_per_person": "Limit for one person",
            "prefers_last_helper": "Prefer the person who answered this customer last",
        }
        help_texts = {
            "max_per_person": "Open cases of this department at once. Empty: as many as the person's own capacity.",
            "prefers_last_helper": "If they are available and have room. This comes before turn and workload.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["max_per_person"].widget.attrs.update(min=1, max=500)

    def clean_max_per_person(self) -> int | None:
        most: int | None = self.cleaned_data["max_per_person"]
        if most is not None and not 1 <= most <= 500:
            raise ValidationError("Between 1 and 500, or empty.")
        return most

    def save(self, commit: bool = True) -> Department:
        """Store only the fields of this form.

        The department's `turn` is written by other processes at the same time.
        """
        department = super().save(commit=False)
        department.save(update_fields=list(self.Meta.fields))
        return department


def zone_choices() -> list[tuple[str, str]]:
    """Return the choices of a zone in which somebody reads times; "" is the company's."""
    names = ((name, name.replace("_", " ")) for name in zone_names())
    return [("", f"The company’s time zone ({company_zone().key})"), *names]


class TimeZoneForm(forms.Form):
    """The zone in which somebody reads times."""

    time_zone = forms.ChoiceField(label="Show times in", required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.initial["time_zone"] = person.time_zone
        cast("forms.ChoiceField", self.fields["time_zone"]).choices = zone_choices()

    def save(self) -> None:
        """Store the zone."""
        self.person.time_zone = self.cleaned_data["time_zone"]
        self.person.save(update_fields=["time_zone"])
