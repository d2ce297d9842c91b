"""A file that takes long: its page with the progress, the file itself, and cancelling it. For its owner."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from reports.exports.long_files import cancel_file, is_kept, may_fetch
from reports.models import ExportFile, ExportPart, ExportState
from wording.times import company_zone


@require_safe
@require_action("export")
def export_file(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show how far a file is written, or offer it. For htmx only what changes."""
    file = _own_file(request, pk)
    is_ready = is_kept(file, timezone.now())
    context = {
        "file": file,
        "is_ready": is_ready,
        "may_fetch": is_ready and may_fetch(file),
        "until": f"{file.expires_at.astimezone(company_zone()):%-d %B}" if file.expires_at else "",
        "states": ExportState,
    }
    name = "reports/export_file.html"
    return render(request, f"{name}#export-body" if request.htmx else name, context)


@require_safe
@require_action("export")
def export_download(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Download a file, if its owner may still see what it holds; else its page says why not."""
    file = _own_file(request, pk)
    if not is_kept(file, timezone.now()) or not may_fetch(file):
        return redirect("reports:export_file", pk)
    headers = {
        "Content-Disposition": f'attachment; filename="{file.file_name}"',
        "Cache-Control": "no-store, private",
        "Content-Length": str(file.size),
    }
    return StreamingHttpResponse(_read_parts(file), content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@require_action("export")
def export_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Cancel a file that is still being written."""
    if not cancel_file(_own_file(request, pk)):
        messages.info(request, "It was not being written any more.")
    return redirect("reports:export_file", pk)


def _own_file(request: SignedInRequest, pk: int) -> ExportFile:
    return get_object_or_404(ExportFile.objects.select_related("owner"), pk=pk, owner=request.user)


def _read_parts(file: ExportFile) -> Iterator[bytes]:
    """Yield a file part by part: one is in memory at a time."""
    number = 0
    parts = ExportPart.objects.filter(export_file=file)
    while (content := parts.filter(number=number).values_list("content", flat=True).first()) is not None:
        yield bytes(content)
        number += 1
