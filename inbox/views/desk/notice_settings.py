"""How a person wants to be told: the page of their own preferences, saving them, and going back to the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Role
from inbox.models import NoticeKind, NoticeSettings, NoticeWay
from inbox.notices.mails import list_failed_mails
from inbox.notices.preferences import (
    DECIDING_ROLES,
    find_settings,
    list_kinds,
    reset_choices,
    save_choices,
    zone_of,
)
from inbox.views.guards import InboxRequest, signed_in
from wording.times import clock_time

if TYPE_CHECKING:
    NoticeSettingsModelForm = forms.ModelForm[NoticeSettings]
else:
    NoticeSettingsModelForm = forms.ModelForm


class NoticeSettingsForm(NoticeSettingsModelForm):
    """Quiet hours, the digest's times, and whether mails quote."""

    class Meta:
        model = NoticeSettings
        fields = ("quiet_from", "quiet_until", "digest", "digest_at", "with_text")
        labels = {  # noqa: RUF012
            "quiet_from": "From",
            "quiet_until": "Until",
            "digest": "Send it",
            "digest_at": "Once a day, at",
            "with_text": "Quote what the notices say, with what customers wrote",
        }
        widgets = {  # noqa: RUF012
            name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
            for name in ("quiet_from", "quiet_until", "digest_at")
        }

    def clean(self) -> dict[str, Any]:
        """Require both ends of quiet hours, or none, and not the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        begin, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if (begin is None) != (end is None) and not self.errors:
            self.add_error(
                "quiet_until" if end is None else "quiet_from", "Say both ends, or leave both empty."
            )
        elif begin is not None and begin == end:
            self.add_error("quiet_until", "Choose another time than the beginning.")
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def notice_settings(request: InboxRequest) -> HttpResponse:
    """Show and store a person's own preferences."""
    chosen = find_settings(request.user)
    if request.method != "POST":
        return _render_page(request, NoticeSettingsForm(instance=chosen))
    form = NoticeSettingsForm(request.POST, instance=chosen)
    if not form.is_valid():
        return _render_page(request, form, status=422)
    ticked = set(request.POST.getlist("on"))
    wanted = {(kind.value, way.value): f"{kind}:{way}" in ticked for kind in NoticeKind for way in NoticeWay}
    save_choices(request.user, wanted, form.save(commit=False), timezone.now())
    messages.success(request, "Saved.")
    return redirect("inbox:notice_settings")


def _render_page(request: InboxRequest, form: NoticeSettingsForm, status: int = 200) -> HttpResponse:
    user, now = request.user, timezone.now()
    is_administrator = user.role == Role.ADMINISTRATOR
    failed = list_failed_mails(now) if is_administrator else []
    context = {
        "form": form,
        "kinds": list_kinds(user),
        "ways": list(NoticeWay),
        "decides": user.role in DECIDING_ROLES,
        "mail_works": bool(settings.EMAIL_URL),
        "is_administrator": is_administrator,
        "failed": [(row, clock_time(row.at, now)) for row in failed],
        "zone": zone_of(user).key,
        "tab": "notices",
    }
    return render(request, "inbox/notices/notice_settings.html", context, status=status)


@require_POST
@signed_in
def notice_settings_reset(request: InboxRequest) -> HttpResponse:
    """Go back to the defaults of the person's role."""
    reset_choices(request.user)
    messages.success(request, "The defaults of your role count again.")
    return redirect("inbox:notice_settings")
