"""Canned answers as CSV files: out and in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import SignedInRequest, require_action
from inbox.canned_answers.files import COLUMNS, LARGEST_FILE, Imported, import_csv, write_csv
from inbox.canned_answers.listing import ListFilterForm, filter_answers
from inbox.canned_answers.rights import editable_places
from routing.files.encoding import BadTable
from wording.numbers import format_count


@require_safe
@require_action("canned_answers")
def canned_answers_export(request: SignedInRequest) -> HttpResponseBase:
    """Send the canned answers of the list as a CSV file."""
    answers = filter_answers(request.user, ListFilterForm(request.GET).chosen)
    rows = answers.select_related("department").prefetch_related("texts")
    response = StreamingHttpResponse(write_csv(rows.iterator(500)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="canned-answers.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("canned_answers")
def canned_answers_import(request: SignedInRequest) -> HttpResponse:
    """Ask for a CSV file; posting one adds and changes canned answers, all or none."""
    problem, imported = "", Imported()
    file = request.FILES.get("file")
    if request.method == "POST":
        if file is None:
            problem = "Choose a file."
        elif (file.size or 0) > LARGEST_FILE:
            problem = f"The file is larger than {LARGEST_FILE // 1_000_000} MB. Import it in parts."
        else:
            try:
                imported = import_csv(file.read(), request.user, timezone.now())
            except BadTable as error:
                problem = str(error)
        if not problem and not imported.problems:
            messages.success(request, _describe(imported))
            return redirect("inbox:canned_answers")
    context = {
        "problem": problem,
        "imported": imported,
        "columns": COLUMNS,
        "places": editable_places(request.user),
    }
    status = 422 if problem or imported.problems else 200
    return render(request, "inbox/canned_answers/canned_answers_import.html", context, status=status)


def _describe(imported: Imported) -> str:
    total = imported.added + imported.changed
    was = ngettext("was", "were", total)
    return (
        f"{format_count(total, 'canned answer')} {was} imported: {imported.added:,} new, {imported.changed:,} changed. "
        f"{imported.unchanged:,} in the file were the same already."
    )
