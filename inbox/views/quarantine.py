"""What could not be read or stored, with its raw form and a button to try again."""

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

from accounts.brand_accounts.display import Moment, moment
from accounts.guards import SignedInRequest, require
from inbox import tasks
from inbox.ingest import retry as second_try
from inbox.models import Quarantined
from inbox.text import clean_text

ROWS = 50
#: Characters of the raw form that a page shows.
_SHOWN = 4000


@dataclass(frozen=True, slots=True)
class Row:
    """An item as the page prints it."""

    item: Quarantined
    raw: str
    cut: bool
    seen: Moment | None
    retried: Moment | None


@require_safe
@require("quarantine")
def quarantine_list(request: SignedInRequest) -> HttpResponse:
    """The items that are not settled, newest first; `?before=ID` is the next page."""
    items = Quarantined.objects.visible_to(request.user).filter(resolved_at__isnull=True)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        items = items.filter(pk__lt=int(before))
    page = list(items.select_related("brand_account", "stream").order_by("-pk")[: ROWS + 1])
    now = timezone.now()
    context = {
        "rows": [_row(item, now) for item in page[:ROWS]],
        "older": page[ROWS - 1].pk if len(page) > ROWS else None,
    }
    return render(request, "inbox/quarantine_list.html", context)


@require_POST
@require("quarantine")
def retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for a second try; a worker does it, because it asks the network."""
    item = get_object_or_404(Quarantined.objects.visible_to(request.user), pk=pk)
    second_try.ask([item])
    # A broker that is away only delays it: the wish is in the database.
    transaction.on_commit(lambda: tasks.retry_quarantined.delay(item.pk), robust=True)
    messages.success(
        request, "It will be fetched again within seconds. Reload the page to see what came of it."
    )
    return redirect("inbox:quarantine")


def _row(item: Quarantined, now: dt.datetime) -> Row:
    raw = bytes(item.raw)
    try:
        text = orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, TypeError, RecursionError):
        text = raw[: _SHOWN * 4].decode("utf-8", "replace")
    shown = clean_text(text[:_SHOWN])[0]
    return Row(item, shown, len(text) > _SHOWN, moment(item.first_seen_at, now), moment(item.retried_at, now))
