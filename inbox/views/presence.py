"""A person's own presence: away and back with one click, planned leave, and the case that they have open."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import viewer
from accounts.models import Leave
from accounts.working_time import presence
from accounts.working_time.forms import LeaveForm, TimeZoneForm, language_name
from inbox.assignment import automatic, leavers
from inbox.live import here
from inbox.models import Case
from inbox.views.guards import InboxRequest, queue_address, signed_in
from wording.times import clock_time, display_zone


@require_safe
@signed_in
def own_presence(request: InboxRequest) -> HttpResponse:
    """Show the person's own presence, skills and leave."""
    return _render_presence(request)


@require_POST
@signed_in
def set_presence(request: InboxRequest) -> HttpResponse:
    """Set the person away (`to` is "away") or back ("available").

    Takes effect at once, without a confirmation.
    """
    to = request.POST.get("to")
    if to not in ("away", "available"):
        raise Http404
    presence.set_away(request.user, to == "away", timezone.now())
    if to == "away":
        messages.success(request, "You are away. You get no cases until you are back.")
        return redirect("inbox:presence")
    messages.success(request, "You are back. New cases can come to you.")
    return redirect("inbox:queue_mine")


@require_POST
@signed_in
def give_back(request: InboxRequest) -> HttpResponse:
    """Give back all open cases of the person.

    Departments that assign automatically assign them again at once.
    """
    now, user = timezone.now(), request.user
    if user.away_since is None:
        messages.warning(
            request, "Set yourself to away first: otherwise the same cases could come back to you."
        )
        return redirect("inbox:presence")
    ids = leavers.unassign_cases(leavers.open_cases_of(user), by=user, reason=f"{user} is away", now=now)
    automatic.assign_cases_automatically(now)
    messages.success(request, leavers.describe_where_cases_went(ids) or "You had no open cases.")
    return redirect("inbox:presence")


@require_POST
@signed_in
def plan_leave(request: InboxRequest) -> HttpResponse:
    """Plan the person's own leave."""
    form = LeaveForm(request.POST, person=request.user, own=True)
    if not form.is_valid():
        return _render_presence(request, form)
    leave = form.save()
    effect = leavers.describe_leave_effect(leave, timezone.now())
    messages.success(request, f"Your leave is saved. You get no work on these days. {effect}".strip())
    return redirect("inbox:presence")


@require_POST
@signed_in
def remove_leave(request: InboxRequest, pk: int) -> HttpResponse:
    """Remove the person's own leave, or end it early."""
    leave, now = get_object_or_404(Leave, pk=pk, user=request.user), timezone.now()
    has_begun = leave.starts_on <= presence.local_date(now)
    presence.end_leave(leave, now)
    stay = "Cases that went to others stay with them."
    messages.success(request, f"You are back from leave. {stay}" if has_begun else "The leave was removed.")
    return redirect("inbox:presence")


@require_POST
@signed_in
def set_time_zone(request: InboxRequest) -> HttpResponse:
    """Set the zone in which the person reads times."""
    form = TimeZoneForm(request.POST, person=request.user)
    if not form.is_valid():
        return _render_presence(request, zone_form=form)
    form.save()
    messages.success(request, f"Times are shown in {display_zone().key}.")
    return redirect("inbox:presence")


@require_POST
@signed_in
def set_opening(request: InboxRequest) -> HttpResponse:
    """Choose whether the next case opens by itself."""
    request.user.opens_next_case = request.POST.get("opens_next_case") == "on"
    request.user.save(update_fields=["opens_next_case"])
    if request.htmx:
        return HttpResponse(status=204)
    messages.success(request, "Saved.")
    return redirect("inbox:presence")


@require_POST
@signed_in
def set_density(request: InboxRequest) -> HttpResponse:
    """Choose how much room rows take; go back to the list."""
    request.user.has_compact_lists = request.POST.get("compact") == "1"
    request.user.save(update_fields=["has_compact_lists"])
    return redirect(queue_address(request))


def _render_presence(
    request: InboxRequest, form: LeaveForm | None = None, zone_form: TimeZoneForm | None = None
) -> HttpResponse:
    now, user = timezone.now(), request.user
    leaves = list(user.leaves.ending_from(presence.local_date(now)).select_related("substitute"))
    running = next((leave for leave in leaves if leave.starts_on <= presence.local_date(now)), None)
    context = {
        "person": user,
        "works_on_cases": viewer(user).may("claim"),
        "is_given": user.role in automatic.ASSIGNABLE_ROLES and user.capacity > 0,
        "holding": leavers.describe_open_cases(leavers.open_cases_of(user)),
        "standing": presence.presence_status(user, now, running),
        "leaves": leaves,
        "on_leave": running,
        "away_since": user.away_since and clock_time(user.away_since, now),
        "clock": clock_time(now, now),
        "zone": display_zone().key,
        "form": form or LeaveForm(person=user, own=True),
        "zone_form": zone_form or TimeZoneForm(person=user),
        "languages": [language_name(code) for code in user.languages],
        "skills": list(user.skills.all()),
    }
    return render(request, "inbox/assignment/presence.html", context)


#: A page's own name, and the ids of the rows of which it asks.
_PAGE_NAME, _ROW_IDS = re.compile(r"[A-Za-z0-9]{8,40}\Z"), re.compile(r"(\d{1,18},){0,99}\d{1,18}\Z")


@require_POST
@signed_in
def note_here(request: InboxRequest) -> JsonResponse:
    """Note which case an open page shows; say who else is where.

    `page` is the page's own name, `case` the open case or "", `writes` whether an answer is being written, `rows` the
    other cases of which the page asks. Nothing is written to the database. A case that the person may not read counts
    as none.
    """
    page, rows = request.POST.get("page", ""), request.POST.get("rows", "")
    if not _PAGE_NAME.match(page):
        raise Http404
    case = _find_open_case(request)
    is_known = here.note_page(request.user, page, case, writes=bool(request.POST.get("writes")))
    ids = [int(pk) for pk in rows.split(",")] if _ROW_IDS.match(rows) else []
    asked = [*ids, *([case.pk] if case else [])]
    return JsonResponse({"is_known": is_known, "people": here.list_words_for(request.user, asked)})


def _find_open_case(request: InboxRequest) -> Case | None:
    pk = request.POST.get("case", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    columns = ("department", "brand_account", "visibility")
    visible = Case.objects.visible_to(request.user).only(*columns).filter(pk=int(pk)).first()
    return visible or Case.objects.watched_by(request.user).only(*columns).filter(pk=int(pk)).first()
