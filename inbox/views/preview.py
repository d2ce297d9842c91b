"""Previews of a draft of the rules on the last thirty days or on a file: start, follow, stop, show the result."""

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
from inbox.reach_words import describe_reach
from routing.files.csv import BadTable
from routing.refusals import RuleSetError


@require_POST
@require_action("edit_rules")
def preview_start(request: SignedInRequest) -> HttpResponse:
    """Start a preview of the person's draft.

    On the last thirty days, or on the rows of a CSV file that is sent with the form.
    """
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
    # If the broker is unreachable, the preview starts some seconds later: the periodic task wakes a worker.
    transaction.on_commit(lambda: tasks.run_preview.delay(preview.pk), robust=True)
    return redirect("inbox:preview", preview.pk)


@require_safe
@require_action("edit_rules")
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the progress of a preview and its result so far."""
    shown = get_object_or_404(RulePreview.objects.visible_to(request.user).defer("file"), pk=pk)
    draft = run.find_preview_draft(shown)
    moved = sum(shown.result.get("moves", {}).values())
    context = {
        "preview": shown,
        "moved": moved,
        "opening": sum(shown.result.get("opening", {}).values()),
        "share": f"{moved * 100 / shown.done:.1f}".removesuffix(".0") if shown.done else "0",
        "otherwise": shown.result.get("otherwise", 0),
        "moves": page.list_preview_moves(shown, request.user),
        "table": page.build_move_table(shown),
        "silent": page.unfired_rules(shown) if shown.done else [],
        "words": page.list_found_words(shown) if shown.done and shown.is_over else [],
        "rules": sum(1 for rule in shown.content["rules"] if rule.get("enabled", True)),
        "reach": "" if shown.file_name else describe_reach(request.user),
        "draft": draft,
        "is_stale": draft is not None and draft.revision != shown.revision,
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
    """Stop a preview.

    Its result so far is kept.
    """
    preview_to_stop = get_object_or_404(
        RulePreview.objects.visible_to(request.user).defer("file", "content"), pk=pk
    )
    if run.cancel_preview(preview_to_stop, timezone.now()):
        messages.success(request, "Stopped. What was found so far is below.")
    return redirect("inbox:preview", pk)
