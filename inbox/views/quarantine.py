"""Items that could not be read or stored, with their raw form and a button to try again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import orjson
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from inbox import tasks
from inbox.ingest import retry
from inbox.models import Quarantined
from inbox.text import clean_text
from wording.times import DisplayTime, optional_relative_time, relative_time

ITEMS_PER_PAGE = 50
#: Characters of the raw form that a page shows.
_RAW_CHARACTERS_SHOWN = 4000


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A quarantined item as the page shows it."""

    item: Quarantined
    raw: str
    cut: bool
    seen: DisplayTime
    retried: DisplayTime | None


@require_safe
@require_action("quarantine")
def quarantine_list(request: SignedInRequest) -> HttpResponse:
    """List the unsettled items, newest first.

    `?before=ID` is the next page.
    """
    items = Quarantined.objects.visible_to(request.user).filter(resolved_at__isnull=True)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        items = items.filter(pk__lt=int(before))
    page = list(items.select_related("brand_account", "stream").order_by("-pk")[: ITEMS_PER_PAGE + 1])
    now = timezone.now()
    context = {
        "rows": [_quarantine_row(item, now) for item in page[:ITEMS_PER_PAGE]],
        "older": page[ITEMS_PER_PAGE - 1].pk if len(page) > ITEMS_PER_PAGE else None,
    }
    return render(request, "inbox/ingest/quarantine_list.html", context)


@require_POST
@require_action("quarantine")
def quarantine_retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Request another attempt for an item.

    A worker makes it, because it sends a request to the network.
    """
    item = get_object_or_404(Quarantined.objects.visible_to(request.user), pk=pk)
    retry.request_retry([item])
    # If the broker is unreachable, the retry is only delayed: the request is stored in the database.
    transaction.on_commit(lambda: tasks.retry_quarantined.delay(item.pk), robust=True)
    messages.success(
        request, "It will be fetched again within seconds. Reload the page to see what came of it."
    )
    return redirect("inbox:quarantine")


def _quarantine_row(item: Quarantined, now: dt.datetime) -> QuarantineRow:
    raw = bytes(item.raw)
    try:
        text = orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, TypeError, RecursionError):
        text = raw[: _RAW_CHARACTERS_SHOWN * 4].decode("utf-8", "replace")
    shown = clean_text(text[:_RAW_CHARACTERS_SHOWN])[0]
    return QuarantineRow(
        item,
        shown,
        len(text) > _RAW_CHARACTERS_SHOWN,
        relative_time(item.first_seen_at, now),
        optional_relative_time(item.retried_at, now),
    )
