"""Trying a draft of the rules on the last thirty days, or on a file: begun, followed, stopped, and what it found."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from inbox import tasks
from inbox.models import RulePreview
from inbox.previews import page, run
from routing.files.csv import BadTable
from routing.refusals import RuleSetError


@require_POST
@require_action("edit_rules")
def preview_start(request: SignedInRequest) -> HttpResponse:
    """Tries the person's draft on the last days, or on the rows of a CSV file that is sent with it."""
    sent = request.FILES.get("file")
    try:
        if "file" in request.POST or sent is not None:
            if sent is None or not sent.size:
                raise BadTable("Choose a CSV file with a column “text”.")
            if sent.size > run.MAX_FILE_BYTES:
                raise BadTable(
                    f"The file is larger than {run.MAX_FILE_BYTES // 1_000_000} MB: send a part of it."
                )
            preview = run.start_preview(
                request.user, timezone.now(), file=sent.read(), file_name=sent.name or "file"
            )
        else:
            preview = run.start_preview(request.user, timezone.now())
    except (RuleSetError, BadTable) as error:
        messages.error(request, f"Nothing was tried. {error}")
        return redirect("routing:rule_list")
    # A broker that is away costs seconds, not the preview: the tick wakes a worker.
    transaction.on_commit(lambda: tasks.run_preview.delay(preview.pk), robust=True)
    return redirect("inbox:preview", preview.pk)


@require_safe
@require_action("edit_rules")
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """How far it has come, and what it found so far."""
    found = get_object_or_404(RulePreview.objects.visible_to(request.user).defer("file"), pk=pk)
    draft = run.find_preview_draft(found)
    moved = sum(found.result.get("moves", {}).values())
    context = {
        "preview": found,
        "moved": moved,
        "opening": sum(found.result.get("opening", {}).values()),
        "share": f"{moved * 100 / found.done:.1f}" if found.done else "0",
        "otherwise": found.result.get("otherwise", 0),
        "moves": page.list_preview_moves(found, request.user),
        "table": page.build_move_table(found),
        "silent": page.unfired_rules(found) if found.done else [],
        "rules": sum(1 for rule in found.content["rules"] if rule.get("enabled", True)),
        "draft": draft,
        "is_stale": draft is not None and draft.revision != found.revision,
    }
    template = (
        "inbox/previews/preview.html#preview-body"
        if request.headers.get("HX-Request")
        else "inbox/previews/preview.html"
    )
    return render(request, template, context)


@require_POST
@require_action("edit_rules")
def preview_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Stops it; what it has found stays."""
    found = get_object_or_404(RulePreview.objects.visible_to(request.user).defer("file", "content"), pk=pk)
    if run.cancel_preview(found, timezone.now()):
        messages.success(request, "Stopped. What was found so far is below.")
    return redirect("inbox:preview", pk)
