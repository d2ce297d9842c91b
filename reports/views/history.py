"""Past conversations: the imports so far, a new one, and the page of each. For administrators."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from networks.registry import network_choices, network_label
from reports.history import uploads
from reports.history.files import BadRequest
from reports.history.progress import describe_progress
from reports.models import HistoryImport, ImportReject, ImportState
from wording.spreadsheets import escape_formula
from wording.times import clock_time, zone_names

_IMPORTS_SHOWN, _REJECTS_SHOWN = 50, 50


class UploadForm(forms.Form):
    """A file, and what its conversations belong to."""

    file = forms.FileField(label="File", help_text="JSON with one conversation per line (.jsonl), or CSV with one message per row. At most 50 MB.")  # fmt: skip
    network = forms.CharField(
        label="Network", max_length=20, initial="x",
        help_text="x, facebook, or another short name, for a forum or an old help desk.",
        widget=forms.TextInput(attrs={"list": "networks", "autocapitalize": "none"}),
    )  # fmt: skip
    brand = forms.CharField(
        label="Brand account", max_length=120, required=False,
        help_text="For all conversations in the file. Leave it empty if each names its own.",
    )  # fmt: skip
    time_zone = forms.CharField(
        label="Time zone", max_length=64, required=False, widget=forms.TextInput(attrs={"list": "zones"}),
        help_text="For times without one, such as Europe/Berlin. Leave it empty to refuse such times.",
    )  # fmt: skip


@require_safe
@require_action("import_history")
def history(request: SignedInRequest) -> HttpResponse:
    """List the imports so far, with a form for the next one."""
    return _show_list(request, UploadForm())


@require_POST
@require_action("import_history")
def history_upload(request: SignedInRequest) -> HttpResponse:
    """Keep an uploaded file and let it be checked."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show_list(request, form, status=422)
    file = form.cleaned_data["file"]
    values = {name: form.cleaned_data[name].strip() for name in ("network", "brand", "time_zone")}
    try:
        history_import = uploads.receive_file(file.chunks(), file_name=file.name, by=request.user, **values)
    except BadRequest as error:
        form.add_error(None, str(error))
        return _show_list(request, form, status=422)
    return redirect("reports:history_import", history_import.pk)


@require_safe
@require_action("import_history")
def history_import(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one import: how far it is, what it brought, what was not taken, and what can be done."""
    shown = get_object_or_404(HistoryImport, pk=pk)
    rejects = ImportReject.objects.filter(history_import=shown).order_by("line", "id")
    context = {
        "shown": _row(shown),
        "rejects": rejects[:_REJECTS_SHOWN],
        "may_start": uploads.may_start(shown),
        "may_undo": uploads.may_undo(shown),
        "may_remove": uploads.may_remove(shown),
        "may_stop": shown.state in (ImportState.CHECKING, ImportState.RUNNING) and shown.parts.exists(),
        "states": ImportState,
    }
    return render(request, "reports/history_import.html", context)


@require_POST
@require_action("import_history")
def history_start(request: SignedInRequest, pk: int) -> HttpResponse:
    """Import a checked file, or go on with one that was stopped."""
    _say(
        request,
        pk,
        lambda: uploads.start_import(pk, by=request.user),
        "It cannot be imported now. Look at its state below.",
    )
    return redirect("reports:history_import", pk)


@require_POST
@require_action("import_history")
def history_stop(request: SignedInRequest, pk: int) -> HttpResponse:
    """Stop an import or a check."""
    _say(request, pk, lambda: uploads.stop_import(pk), "It was not running any more.")
    return redirect("reports:history_import", pk)


@require_POST
@require_action("import_history")
def history_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Remove an import that has left nothing."""
    name = get_object_or_404(HistoryImport, pk=pk).file_name
    if not uploads.remove_import(pk):
        messages.error(
            request,
            "It is still being worked on, or some of its conversations are here. Undo the import first.",
        )
        return redirect("reports:history_import", pk)
    messages.success(request, f"“{name}” is removed from the list, with its file.")
    return redirect("reports:history")


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("import_history")
@require_recent_sign_in
def history_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask whether an import shall be undone, and undo it."""
    shown = get_object_or_404(HistoryImport, pk=pk)
    if not uploads.may_undo(shown):
        raise Http404
    if request.method == "POST" and request.POST.get("agreed"):
        uploads.begin_undo(pk, by=request.user)
        return redirect("reports:history_import", pk)
    problem = "Tick this to go on, or keep everything." if request.method == "POST" else ""
    context = {"shown": _row(shown), "problem": problem}
    return render(request, "reports/history_undo.html", context, status=422 if problem else 200)


@require_safe
@require_action("import_history")
def history_rejects(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Download the lines that were not taken, as CSV."""
    shown = get_object_or_404(HistoryImport, pk=pk)
    rejects = ImportReject.objects.filter(history_import=shown).order_by("line", "id")
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(["line", "thread", "reason"])
        for reject in rejects.iterator(chunk_size=2_000):
            yield writer.writerow([reject.line, escape_formula(reject.thread), escape_formula(reject.reason)])

    headers = {"Content-Disposition": f'attachment; filename="not-taken-{shown.pk}.csv"'}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)


class _Echo:
    """Gives the writer's lines back."""

    def write(self, line: str) -> str:
        return line


def _say(request: SignedInRequest, pk: int, act: Callable[[], bool], otherwise: str) -> None:
    get_object_or_404(HistoryImport, pk=pk)
    if not act():
        messages.error(request, otherwise)


def _show_list(request: SignedInRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    imports = HistoryImport.objects.select_related("by").order_by("-created_at")[:_IMPORTS_SHOWN]
    context = {
        "form": form,
        "imports": [_row(each) for each in imports],
        "networks": network_choices(),
        "zones": zone_names(),
    }
    return render(request, "reports/history.html", context, status=status)


def _row(history_import: HistoryImport) -> dict[str, Any]:
    """Return an import for a template."""
    progress = describe_progress(history_import)
    return {
        "import": history_import,
        "network": network_label(history_import.network),
        "created": clock_time(history_import.created_at, timezone.now()),
        "percent": progress.percent,
    }
