"""Learning items: the list, one item, what people do with it, and both as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from accounts.models import Department
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.learning_items import items, linking, rights, rounds
from inbox.models import Case, LearningItem, RepeatsBy
from inbox.visibility import list_departments
from reports.dashboards.learning_items.item import CASES_HEADER, case_csv_rows, item_context
from reports.dashboards.learning_items.listing import LIST_HEADER, list_context, list_csv_rows
from reports.exports.csv_files import name_file, write_csv
from reports.measures.learning_items import find_unlinked

#: A verb of an item: the request's form, the item, and when; returns what was done, in words.
_Act = Callable[[SignedInRequest, LearningItem, dt.datetime], str]


@require_safe
@require_action("reports")
def learning_items(request: SignedInRequest) -> HttpResponse:
    """List the learning items."""
    view, page = request.GET.get("view", "open"), _read_number(request.GET.get("page", ""), most=10_000)
    return render(
        request, "reports/learning_items/list.html", list_context(request.user, view, page, timezone.now())
    )


@require_safe
@require_action("reports")
def learning_items_csv(request: SignedInRequest) -> StreamingHttpResponse:
    """Download all learning items."""
    return _csv("learning-items", LIST_HEADER, list_csv_rows(request.user))


@require_safe
@require_action("reports")
def learning_item(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one learning item.

    One that was merged leads to where its cases are.
    """
    item = _get_item(pk)
    if item.merged_into is not None:
        messages.info(request, f"“{item}” was merged into this item.")
        return redirect("reports:learning_item", item.merged_into_id)
    return _show_item(request, item)


@require_safe
@require_action("reports")
def learning_item_csv(request: SignedInRequest, pk: int) -> StreamingHttpResponse:
    """Download the linked cases that the reader may read."""
    item = _get_item(pk)
    return _csv(f"learning-item-{item.pk}", CASES_HEADER, case_csv_rows(request.user, item))


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("reports")
def learning_item_new(request: SignedInRequest) -> HttpResponse:
    """Ask what customers keep saying; a POST proposes the item.

    With cases, if numbers of some are given.
    """
    user, now = request.user, timezone.now()
    if not (rights.may_link(user) or user.role in rights.DECIDING_ROLES):
        raise Http404
    typed: Any = request.POST if request.method == "POST" else request.GET
    problem = ""
    if request.method == "POST":
        try:
            item = _propose(request, now)
        except Invalid as error:
            problem = str(error)
        else:
            messages.success(request, "Proposed. Link the cases in which customers say it.")
            return redirect("reports:learning_item", item.pk)
    context = {
        "departments": [department for department in list_departments(user) if department.is_open],
        "criteria": RepeatsBy.choices,
        "typed": typed,
        "problem": problem,
        "may_link": rights.may_link(user),
    }
    return render(request, "reports/learning_items/new.html", context, status=422 if problem else 200)


@require_POST
@require_action("reports")
def learning_item_act(request: SignedInRequest, pk: int, slug: str) -> HttpResponse:
    """Do something with an item: `slug` is one of `ACTS`."""
    item, act = _get_item(pk), ACTS.get(slug)
    if act is None:
        raise Http404
    try:
        done = act(request, item, timezone.now())
    except (Case.DoesNotExist, LearningItem.DoesNotExist) as error:
        raise Http404 from error
    except Invalid as error:
        return _show_item(request, _get_item(pk), problem=str(error), form=slug, status=422)
    except NotAllowed as error:
        return _show_item(request, _get_item(pk), problem=str(error), form=slug, status=403)
    messages.success(request, done)
    return redirect("reports:learning_item", pk)


def _propose(request: SignedInRequest, now: dt.datetime) -> LearningItem:
    form, user = request.POST, request.user
    numbers = linking.read_case_numbers(form["cases"]) if form.get("cases", "").strip() else []
    item = items.create_item(
        user,
        form.get("title", ""),
        _posted_department(form),
        repeats_by=form.get("repeats_by", ""),
        repeats_of=form.get("repeats_of", ""),
        now=now,
    )
    if form.get("link_found"):
        numbers += find_unlinked(user, item, now=now)
    if numbers and rights.may_link(user):
        try:
            linking.link_cases(item.pk, user, numbers, now=now)
        except Invalid as error:
            messages.warning(request, str(error))
    return item


def _change(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    form = request.POST
    items.change_details(
        item.pk,
        request.user,
        title=form.get("title", ""),
        department=_posted_department(form),
        repeats_by=form.get("repeats_by", ""),
        repeats_of=form.get("repeats_of", ""),
        version=_posted_version(form),
        now=now,
    )
    return "Saved."


def _give(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    form = request.POST
    owner = items.give_to_owner(
        item.pk,
        request.user,
        _read_number(form.get("owner", "")),
        _posted_day(form, "due_on"),
        version=_posted_version(form),
        now=now,
    )
    return f"{owner} has it now and was notified."


def _decide(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    form = request.POST
    decision, reason = form.get("decision", ""), form.get("reason", "")
    items.decide_item(item.pk, request.user, decision, reason, version=_posted_version(form), now=now)
    return "The decision is saved."


def _ship(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    form = request.POST
    day, what = _posted_day(form, "shipped_on"), form.get("what_changed", "")
    items.ship_item(item.pk, request.user, day, what, version=_posted_version(form), now=now)
    who = "Now tell the customers" if rights.may_prepare(request.user) else "Your agents can tell those"
    return f"Shipped. {who} who asked for it."


def _reopen(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    items.reopen_item(item.pk, request.user, version=_posted_version(request.POST), now=now)
    return "Reopened: cases are collected again."


def _merge(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    other = _read_number(request.POST.get("other", ""))
    items.merge_item(item.pk, request.user, other, version=_posted_version(request.POST), now=now)
    return "Merged: the cases of both items are here."


def _link(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    numbers = linking.read_case_numbers(request.POST.get("cases", ""))
    new = linking.link_cases(item.pk, request.user, numbers, now=now)
    left_out = len(numbers) - new
    words = "1 case linked." if new == 1 else f"{new:,} cases linked."
    return f"{words} {left_out:,} were linked before or cannot be read by you." if left_out else words


def _link_unlinked(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    cases = find_unlinked(request.user, item, now=now)
    if not cases:
        raise Invalid("No other case of the last four weeks says it, as far as you may read.")
    new = linking.link_cases(item.pk, request.user, cases, now=now)
    return "1 case linked." if new == 1 else f"{new:,} cases linked."


def _unlink(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    number = _read_number(request.POST.get("case", ""))
    linking.unlink_case(item.pk, request.user, number, now=now)
    return f"Case {number} is no longer part of it."


def _approve(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    count = rounds.approve_round(item.pk, request.user, _read_number(request.POST.get("round", "")), now=now)
    return (
        "Approved: 1 answer goes out." if count == 1 else f"Approved: {count:,} answers go out, one by one."
    )


def _withdraw(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    rounds.withdraw_round(item.pk, request.user, _read_number(request.POST.get("round", "")), now=now)
    return "Withdrawn: nothing was sent."


def _stop(request: SignedInRequest, item: LearningItem, now: dt.datetime) -> str:
    count = rounds.stop_round(item.pk, request.user, _read_number(request.POST.get("round", "")), now=now)
    return (
        "Stopped: 1 answer does not go out." if count == 1 else f"Stopped: {count:,} answers do not go out."
    )


ACTS: dict[str, _Act] = {
    "change": _change,
    "owner": _give,
    "decide": _decide,
    "ship": _ship,
    "reopen": _reopen,
    "merge": _merge,
    "link": _link,
    "link-found": _link_unlinked,
    "unlink": _unlink,
    "approve": _approve,
    "withdraw": _withdraw,
    "stop": _stop,
}


def _show_item(
    request: SignedInRequest, item: LearningItem, *, problem: str = "", form: str = "", status: int = 200
) -> HttpResponse:
    page = _read_number(request.GET.get("page", ""), most=10_000)
    context = item_context(request.user, item, page, timezone.now())
    context |= {"problem": problem, "form": form, "typed": request.POST if problem else {}}
    context["at"] = reverse("reports:learning_item", args=[item.pk])
    return render(request, "reports/learning_items/item.html", context, status=status)


def _get_item(pk: int) -> LearningItem:
    item = LearningItem.objects.select_related("department", "owner", "merged_into").filter(pk=min(pk, 2**62))
    if (row := item.first()) is None:
        raise Http404
    return row


def _posted_department(form: QueryDict) -> Department:
    department = Department.objects.filter(slug=form.get("department", "").replace("\x00", "")).first()
    if department is None or not department.is_open:
        raise Invalid("Choose the department that can change it.")
    return department


def _posted_day(form: QueryDict, name: str) -> dt.date | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("Write the day like 2026-11-30.") from error


def _posted_version(form: QueryDict) -> int | None:
    version = form.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None


def _read_number(text: str, *, most: int = 2**62) -> int:
    """Return a number from an address or a form, or 0."""
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _csv(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    file = name_file(name, f"{timezone.now():%Y-%m-%d}", kind="csv")
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store, private"}
    return StreamingHttpResponse(
        write_csv(header, rows), content_type="text/csv; charset=utf-8", headers=headers
    )
