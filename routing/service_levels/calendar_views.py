"""The pages of calendars.

Every signed-in user may read them. Managers edit those that only their own departments use.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from routing.business_hours.calendar import (
    CalendarError,
    CompiledCalendar,
    compile_calendar,
    parse_time_zone,
)
from routing.business_hours.history import VersionedCalendar
from routing.business_hours.notation import WEEKDAYS, format_hours
from routing.business_hours.public_holidays import country_names
from routing.models import Calendar, CalendarVersion
from routing.pages.requests import denied_as_404, form_view, require_policy_editor, user_of
from routing.refusals import RuleSetError
from routing.scope import edit_scope_of
from routing.service_levels import editing
from routing.service_levels.calendar_forms import CalendarForm, calendar_form_initial, time_zone_names
from routing.service_levels.calendar_preview import preview_days
from routing.service_levels.versions import compile_stored_calendar
from wording.times import short_date_with_year


@require_safe
@login_required
def calendar_list(request: HttpRequest) -> HttpResponse:
    """Show all calendars with their week and the policies that use them."""
    now = timezone.now()
    scope, used = edit_scope_of(user_of(request)), editing.departments_by_calendar()
    rows = [
        _calendar_row(calendar, now)
        | {"is_mine": not scope.is_empty and scope.covers_all(used.get(str(calendar.pk), ()))}
        for calendar in Calendar.objects.prefetch_related("versions", "policies")
    ]
    context = {"rows": rows, "may_edit": not scope.is_empty, "part": "calendars"}
    return render(request, "routing/service_levels/calendar_list.html", context)


def _calendar_row(calendar: Calendar, now: dt.datetime) -> dict[str, Any]:
    versions = list(calendar.versions.all())
    in_force = [
        version for version in versions if version.in_force_from is None or version.in_force_from <= now
    ]
    content = (in_force or versions)[-1].content
    compiled = compile_stored_calendar(versions)
    planned = {since for since, _ in compiled.versions if since > now}
    zone = parse_time_zone(content["time_zone"])
    return {
        "calendar": calendar,
        "zone": content["time_zone"],
        "holidays": ", ".join(
            filter(None, (country_names().get(content.get("country", "")), content.get("subdivision")))
        ),
        "week": _week_in_words(content["week"]),
        "is_open": compiled.is_open(now),
        "coming": [short_date_with_year(moment.astimezone(zone)) for moment in sorted(planned)],
        "policies": [policy.name for policy in calendar.policies.all()],
    }


def _week_in_words(week: list[list[list[int]]]) -> list[tuple[str, str]]:
    """Group weekdays with equal hours, as ("Mon–Fri", "9:00–17:00")."""
    lines: list[list[Any]] = []
    for number, hours in enumerate(week):
        words = format_hours(hours) or "closed"
        if lines and lines[-1][2] == words:
            lines[-1][1] = WEEKDAYS[number][:3]
        else:
            lines.append([WEEKDAYS[number][:3], "", words])
    return [(f"{first}–{last}" if last else first, words) for first, last, words in lines]


@form_view
@login_required
def calendar_new(request: HttpRequest) -> HttpResponse:
    """Show an empty form with a typical week; posting it adds a calendar."""
    require_policy_editor(request)
    usual = {f"day{number}": "9:00–17:00" for number in range(5)}
    return _edit_calendar(request, None, {"time_zone": settings.DISPLAY_TIME_ZONE, **usual})


@form_view
@login_required
def calendar_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the newest hours of a calendar; posting changed hours makes a version."""
    _require_own_calendar(require_policy_editor(request), pk)
    calendar = get_object_or_404(Calendar.objects.prefetch_related("versions__created_by", "policies"), pk=pk)
    return _edit_calendar(
        request, calendar, calendar_form_initial(calendar, list(calendar.versions.all())[-1])
    )


def _require_own_calendar(user: User, pk: int) -> None:
    if not edit_scope_of(user).covers_all(editing.departments_by_calendar().get(str(pk), ())):
        raise Http404


def _edit_calendar(request: HttpRequest, calendar: Calendar | None, initial: dict[str, Any]) -> HttpResponse:
    if request.method != "POST":
        return _render_calendar_form(request, CalendarForm(initial=initial, calendar=calendar), calendar)
    form = CalendarForm(request.POST, calendar=calendar)
    if not form.is_valid() or "preview" in request.POST:
        return _render_calendar_form(request, form, calendar, refused="preview" not in request.POST)
    if calendar is not None and form.cleaned_data["seen"] not in (None, initial["seen"]):
        _add_overtaken_error(request, form, list(calendar.versions.all())[-1])
        return _render_calendar_form(request, form, calendar, refused=True)
    name = form.cleaned_data["name"]
    try:
        with denied_as_404():
            editing.save_calendar(
                calendar,
                name,
                form.content,
                user_of(request),
                timezone.now(),
                in_force_from=form.in_force_moment(),
            )
    except (CalendarError, RuleSetError) as error:
        form.add_error(None, str(error))
        return _render_calendar_form(request, form, calendar, refused=True)
    saved = f"“{name}” is saved. The clocks of open cases follow in the background."
    messages.success(request, f"{saved} {form.midnight_hint}".strip())
    return redirect("sla:calendar_list")


def _add_overtaken_error(request: HttpRequest, form: CalendarForm, newest: CalendarVersion) -> None:
    who = newest.created_by or "Somebody"
    form.add_error(
        None,
        f"{who} changed this calendar in the meantime (version {newest.number}). What you typed is kept below: save "
        "again to put yours in its place.",
    )
    data = request.POST.copy()
    data["seen"] = str(newest.number)
    form.data = data


def _render_calendar_form(
    request: HttpRequest, form: CalendarForm, calendar: Calendar | None, *, refused: bool = False
) -> HttpResponse:
    compiled: CompiledCalendar | VersionedCalendar | None = None
    if form.is_bound:
        compiled = compile_calendar(form.content) if form.content else None
    elif calendar is not None:
        compiled = compile_stored_calendar(list(calendar.versions.all()))
    context = {
        "form": form,
        "calendar": calendar,
        "versions": list(calendar.versions.all())[::-1] if calendar else [],
        "policies": list(calendar.policies.all()) if calendar else [],
        "days": preview_days(compiled, timezone.now().date()) if compiled else [],
        "zones": time_zone_names(),
        "refused": refused,
        "part": "calendars",
    }
    return render(
        request, "routing/service_levels/calendar_edit.html", context, status=422 if refused else 200
    )


@form_view
@login_required
def calendar_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to delete a calendar; posting deletes it unless used."""
    user = require_policy_editor(request)
    _require_own_calendar(user, pk)
    calendar = get_object_or_404(Calendar, pk=pk)
    if request.method != "POST":
        policies = list(calendar.policies.values_list("name", flat=True))
        return render(
            request,
            "routing/service_levels/calendar_delete.html",
            {"calendar": calendar, "policies": policies},
        )
    try:
        with denied_as_404():
            name = editing.delete_calendar(pk, user, timezone.now())
    except Calendar.DoesNotExist:
        raise Http404 from None
    except editing.CalendarInUse as error:
        messages.error(request, str(error))
        return redirect("sla:calendar_edit", pk=pk)
    messages.success(request, f"“{name}” is deleted.")
    return redirect("sla:calendar_list")
