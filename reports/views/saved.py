"""Saved reports: the list, and the page on which its owner shares, schedules and links one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import viewer
from accounts.guards import SignedInRequest, require_action
from accounts.models import Department, User
from inbox.text import clean_text, is_visible
from reports.behind.selections import read_selection
from reports.dashboards.boards import BOARDS
from reports.dashboards.selection import ROLLING_PERIODS, describe_filters
from reports.exports.links import LIFETIMES, create_link, live_links, revoke_link, select_for_guest
from reports.exports.pages import visible_reports
from reports.exports.schedules import set_schedule
from reports.models import Cadence, DeliveryState, ReportDelivery, ReportLink, SavedReport
from reports.models.saved import LONGEST_QUERY
from reports.periods import name_days
from reports.scopes import readable_department_ids, readable_people
from wording.times import clock_time, company_zone, exact_time

#: The most reports that one person may keep.
MOST_REPORTS = 100


class SavedReportForm(forms.Form):
    """The name of a report, and the department that may read it."""

    name = forms.CharField(label="Name", max_length=80)
    department = forms.ModelChoiceField(
        Department.objects.none(), required=False, label="Shared with", empty_label="nobody: only I see it"
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = self.fields["department"]
        if isinstance(departments, forms.ModelChoiceField):
            departments.queryset = Department.objects.filter(pk__in=readable_department_ids(by))


class ScheduleForm(forms.Form):
    """The schedule of a mailed report, and its receivers."""

    cadence = forms.ChoiceField(label="Send it", required=False, choices=[("", "never"), *Cadence.choices])
    hour = forms.TypedChoiceField(
        label="at", coerce=int, choices=[(hour, f"{hour:02d}:00") for hour in range(24)], initial=8
    )
    recipients = forms.ModelMultipleChoiceField(
        User.objects.none(), label="To", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Everybody gets only what they may see themselves.",
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["recipients"]
        if isinstance(people, forms.ModelMultipleChoiceField):
            people.queryset = readable_people(by).filter(is_active=True).exclude(email="")

    def clean(self) -> dict[str, Any]:
        """Require somebody to send it to."""
        if self.cleaned_data.get("cadence") and not self.cleaned_data.get("recipients"):
            self.add_error("recipients", "Choose at least one person, or “never”.")
        return self.cleaned_data


@require_safe
@require_action("reports")
def saved_reports(request: SignedInRequest) -> HttpResponse:
    """List one's own reports, and those shared with one's departments."""
    now = timezone.now()
    reports = visible_reports(request.user).select_related("owner", "department", "schedule")
    problems = ReportDelivery.objects.filter(report__owner=request.user, state=DeliveryState.FAILED)
    newest = {each.report_id: each for each in problems.select_related("recipient").order_by("due_at")}
    rows = [_row(report, request.user, newest.get(report.pk), now=now) for report in reports.order_by("name")]
    return render(request, "reports/saved/list.html", {"rows": [row for row in rows if row]})


@require_POST
@require_action("reports")
def save_report(request: SignedInRequest) -> HttpResponse:
    """Keep the selection of a board under a name."""
    board = BOARDS.get(request.POST.get("board", ""))
    name = " ".join(clean_text(request.POST.get("name", ""))[0].split())[:80]
    if board is None or not is_visible(name):
        messages.error(request, "Nothing was saved: the report needs a name.")
        return redirect(board.url_name if board else "reports:saved")
    if SavedReport.objects.filter(owner=request.user).count() >= MOST_REPORTS:
        messages.error(request, f"Nothing was saved: you keep {MOST_REPORTS} reports already.")
        return redirect("reports:saved")
    now = timezone.now()
    selection = read_selection(
        QueryDict(request.POST.get("query", "")), request.user, now=now, zone=company_zone()
    )
    query = selection.as_query()
    if len(query) > LONGEST_QUERY:
        # Cut off, it would lose its last filters, and the report would count more than was meant.
        messages.error(request, "Nothing was saved: these are too many filters for one report.")
        return redirect(f"{reverse(board.url_name)}?{query}")
    report = SavedReport.objects.create(
        name=name, owner=request.user, board=board.name, query=query, created_at=now
    )
    messages.success(request, f"“{name}” is saved. Only you see it until you share it.")
    part = {"mail": "#mail", "link": "#link"}.get(request.POST.get("then", ""), "")
    return redirect(f"{reverse('reports:saved_report', args=[report.pk])}{part}")


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("reports")
def saved_report(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one's report: its name, who reads it, when it is sent, its links; store name and department."""
    report = get_object_or_404(SavedReport, pk=pk, owner=request.user)
    form = SavedReportForm(request.POST or None, initial=_values(report), by=request.user)
    if request.method == "POST" and form.is_valid():
        report.name, report.department = form.cleaned_data["name"], form.cleaned_data["department"]
        report.save(update_fields=["name", "department"])
        messages.success(request, "Saved.")
        return redirect("reports:saved_report", pk)
    return _show(request, report, form=form)


@require_POST
@require_action("reports")
def schedule_report(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say when one's report is sent, and to whom."""
    report = get_object_or_404(SavedReport, pk=pk, owner=request.user)
    form = ScheduleForm(request.POST, by=request.user)
    if not form.is_valid():
        return _show(request, report, schedule_form=form)
    chosen = form.cleaned_data
    set_schedule(
        report, request.user, chosen["cadence"], chosen["hour"], chosen["recipients"],
        site=request.build_absolute_uri("/").rstrip("/"), now=timezone.now(),
    )  # fmt: skip
    messages.success(request, "Saved." if chosen["cadence"] else "It is no longer sent.")
    return redirect("reports:saved_report", pk)


@require_POST
@require_action("share_reports")
def link_report(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make a link for guests; it is shown once."""
    report = get_object_or_404(SavedReport, pk=pk, owner=request.user)
    now, days = timezone.now(), request.POST.get("days", "")
    if select_for_guest(report, request.user, now=now) is None or days not in map(str, LIFETIMES):
        messages.error(
            request,
            "No link was made: guests see no report about people, and none that is narrowed to a person.",
        )
        return redirect("reports:saved_report", pk)
    token = create_link(report, request.user, int(days), now=now)
    address = request.build_absolute_uri(reverse("reports:shared", args=[token]))
    return _show(request, report, address=address)


@require_POST
@require_action("reports")
def revoke_report_link(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    """End a link at once."""
    link = get_object_or_404(ReportLink, pk=number, report__pk=pk, report__owner=request.user)
    revoke_link(link, request.user, now=timezone.now())
    messages.success(request, "The link has stopped working.")
    return redirect("reports:saved_report", pk)


@require_POST
@require_action("reports")
def delete_report(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete one's report, and with it its schedule and its links."""
    report = get_object_or_404(SavedReport, pk=pk, owner=request.user)
    report.delete()
    messages.success(
        request, f"“{report.name}” is deleted. Its links have stopped working, and it is no longer sent."
    )
    return redirect("reports:saved")


def _row(
    report: SavedReport, user: User, problem: ReportDelivery | None, *, now: Any
) -> dict[str, Any] | None:
    board = BOARDS.get(report.board)
    if board is None:
        return None
    selection = read_selection(QueryDict(report.query), user, now=now, zone=company_zone())
    days, rolling = name_days(selection.period, now), dict(ROLLING_PERIODS).get(selection.period.token)
    schedule = getattr(report, "schedule", None)
    return {
        "report": report,
        "board": board.title,
        "href": f"{reverse(board.url_name)}?{selection.as_query(saved=report.pk)}",
        "period": f"{rolling}: {days}" if rolling else days,
        "filters": describe_filters(selection),
        "is_own": report.owner_id == user.pk,
        "sent": f"{schedule.get_cadence_display()} at {schedule.hour:02d}:00" if schedule else "",
        "problem": problem,
    }


def _values(report: SavedReport) -> dict[str, Any]:
    return {"name": report.name, "department": report.department_id}


def _show(request: SignedInRequest, report: SavedReport, **more: Any) -> HttpResponse:
    now, board = timezone.now(), BOARDS.get(report.board)
    schedule = getattr(report, "schedule", None)
    initial = {
        "cadence": schedule.cadence if schedule else "",
        "hour": schedule.hour if schedule else 8,
        "recipients": list(schedule.recipients.values_list("pk", flat=True))
        if schedule
        else [request.user.pk],
    }
    deliveries = report.deliveries.select_related("recipient").order_by("-due_at", "recipient")[:20]
    context = {
        "row": _row(report, request.user, None, now=now),
        "report": report,
        "form": SavedReportForm(initial=_values(report), by=request.user),
        "schedule_form": ScheduleForm(initial=initial, by=request.user),
        "next_due": exact_time(schedule.due_at) if schedule else "",
        "may_link": board is not None and board.for_guests and viewer(request.user).may("share_reports"),
        "lifetimes": LIFETIMES,
        "links": [(link, exact_time(link.expires_at)) for link in live_links(report, now)],
        "deliveries": [(each, clock_time(each.at, now)) for each in deliveries],
    }
    return render(request, "reports/saved/report.html", context | more)
