"""Serve what follows from topics: a learning item of one, and dismissing an alert of linked customers with a reason."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from inbox.text import clean_text
from reports.rollups.topics import find_label
from reports.topics.active import dismiss_alert as dismiss
from reports.topics.active import find_alert
from reports.topics.items import MOST_CASES, begin_item, describe_topic
from reports.views.requests import requested_selection

_LONGEST_REASON, _LONGEST_KEY = 200, 200


@require_safe
@require_action("reports")
def learning_item_of_topic(request: SignedInRequest) -> HttpResponse:
    """Redirect to a new learning item about a topic or alert.

    `topic` is its key, with the selection of its page; `alert` is an alert's number. 404 for what has no case to read.
    """
    chosen = requested_selection(request)
    number = request.GET.get("alert", "")
    if number:
        pk = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
        alert = find_alert(request.user, pk, chosen.now)
        topic = describe_topic(alert.key, alert.label, alert.readable_ids[-MOST_CASES:]) if alert else None
    else:
        key = clean_text(request.GET.get("topic", "")[:_LONGEST_KEY])[0]
        label = find_label(key)
        topic = begin_item(request.user, chosen.period, chosen.filters, key, label) if label else None
    if topic is None or not topic.case_ids:
        raise Http404
    values = {"title": topic.title[:120], "repeats_by": topic.repeats_by, "repeats_of": topic.repeats_of[:80]}
    query = urlencode(values | {"cases": " ".join(map(str, topic.case_ids))})
    return redirect(f"{reverse('reports:learning_item_new')}?{query}")


@require_POST
@require_action("assignment")
def dismiss_alert(request: SignedInRequest, pk: int) -> HttpResponse:
    """Dismiss an alert that the user may see; 404 for any other."""
    now = timezone.now()
    alert = find_alert(request.user, pk, now)
    if alert is None:
        raise Http404
    reason = clean_text(request.POST.get("reason", "")[:_LONGEST_REASON])[0].strip()
    if reason:
        dismiss(pk, reason, by=request.user, now=now)
        messages.success(
            request, f"The alert about “{alert.label}” is dismissed. Its cases stay as they are."
        )
    else:
        messages.error(request, "Nothing was dismissed: say in a few words why they do not mean the same.")
    return redirect(f"{reverse('reports:outcomes')}#linked")
