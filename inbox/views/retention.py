"""Pages of retention, for administrators: the setting, the preview of a change, and the confirmed change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from inbox.models import RetentionRun
from inbox.retention.preview import preview_deletion
from inbox.retention.setting import (
    CHOICES,
    DELAY,
    SettingChangedMeanwhile,
    kept_words,
    read_retention,
    save_retention,
)
from wording.times import clock_time, exact_time, long_time, short_date_with_year, to_display_zone

RUNS_SHOWN = 30
_FOR_EVER = "0"


class RetentionForm(forms.Form):
    """For how many days texts are kept, "0" for ever."""

    days = forms.TypedChoiceField(
        label="Keep what people wrote in a closed case",
        choices=[(days or _FOR_EVER, words) for days, words in CHOICES.items()],
        coerce=lambda value: int(value) or None,
        empty_value=None,
        help_text="Counted from the day the case was closed, unless something happens in it later.",
    )


class ConfirmationForm(RetentionForm):
    """The choice once more, and that the person has seen what goes; `seen` is the setting that they looked at."""

    days = forms.TypedChoiceField(
        choices=RetentionForm.base_fields["days"].choices,  # type: ignore[attr-defined]
        coerce=lambda value: int(value) or None,
        empty_value=None,
        widget=forms.HiddenInput,
    )
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    agreed = forms.BooleanField(
        required=False, label="I have seen what will be deleted. This cannot be undone."
    )

    def clean(self) -> dict[str, Any]:
        """Require the tick where something would be deleted."""
        if self.cleaned_data.get("days") and not self.cleaned_data.get("agreed"):
            self.add_error("agreed", "Tick this to go on, or leave everything as it is.")
        return self.cleaned_data


@require_safe
@require_action("retention")
def retention(request: SignedInRequest) -> HttpResponse:
    """Show how long texts are kept, and what was deleted."""
    now, current = timezone.now(), read_retention()
    waits_until = current.waits_until
    context = {
        "current": current,
        "kept": kept_words(current.days),
        "set_at": current.newest and clock_time(current.newest.set_at, now),
        "waits_until": long_time(waits_until) if waits_until and waits_until > now else "",
        "form": RetentionForm(initial={"days": current.days or _FOR_EVER}),
        "runs": [
            {
                "run": run,
                "clock": clock_time(run.started_at, now),
                "exact": exact_time(run.started_at),
                "cutoff": short_date_with_year(to_display_zone(run.cutoff)),
            }
            for run in RetentionRun.objects.order_by("-started_at")[:RUNS_SHOWN]
        ],
    }
    return render(request, "inbox/retention/retention.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("retention")
@require_recent_sign_in
def retention_preview(request: SignedInRequest) -> HttpResponse:
    """Show what a setting would delete and when.

    Save it once that is confirmed.
    """
    if request.method == "POST":
        form = ConfirmationForm(request.POST)
        if form.is_valid():
            return _save(request, form.cleaned_data["days"], form.cleaned_data["seen"])
        if "days" in form.errors or "seen" in form.errors:
            return redirect("inbox:retention")
        return _render_preview(request, form.cleaned_data["days"], form, status=422)
    chosen = RetentionForm(request.GET)
    if not chosen.is_valid():
        return redirect("inbox:retention")
    return _render_preview(request, chosen.cleaned_data["days"])


def _save(request: SignedInRequest, days: int | None, seen: int) -> HttpResponse:
    try:
        changed = save_retention(days, by=request.user, seen=seen)
    except SettingChangedMeanwhile:
        messages.error(
            request, "Somebody else has changed this in the meantime, so nothing was saved. Look again below."
        )
    else:
        words = f"What people wrote is kept {'for ' if days else ''}{kept_words(days)}."
        begins = f" Deleting begins on {long_time(timezone.now() + DELAY)}." if days else ""
        messages.success(
            request, words + begins if changed else "Nothing was changed: that was the setting already."
        )
    return redirect("inbox:retention")


def _render_preview(
    request: SignedInRequest, days: int | None, form: ConfirmationForm | None = None, *, status: int = 200
) -> HttpResponse:
    current = read_retention()
    preview = preview_deletion(days, timezone.now()) if days else None
    initial = {"days": days or _FOR_EVER, "seen": current.newest_id}
    context = {
        "kept": kept_words(days),
        "kept_now": kept_words(current.days),
        "is_same": days == current.days,
        "preview": preview,
        "begins": long_time(preview.begins) if preview else "",
        "cutoff": short_date_with_year(to_display_zone(preview.cutoff)) if preview else "",
        "departments": [
            {
                "texts": line,
                "oldest": short_date_with_year(to_display_zone(line.oldest)),
                "newest": short_date_with_year(to_display_zone(line.newest)),
            }
            for line in (preview.departments if preview else ())
        ],
        "form": form or ConfirmationForm(initial=initial),
    }
    return render(request, "inbox/retention/preview.html", context, status=status)
