"""A person's notices: the list, and marking them as read."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox.models import Notice, NoticeKind
from inbox.notices.notify import mark_notices_read, notice_queue_url, notices_page
from inbox.views.guards import InboxRequest, signed_in, wants_fragment
from wording.times import display_time

#: The tone of a notice's chip by kind; every other kind is "risk".
TONES: dict[str, str] = {
    NoticeKind.SOLVED: "ok",
    NoticeKind.BREACHED: "late",
    NoticeKind.NOT_SENT: "late",
    NoticeKind.UNCONFIRMED: "late",
    NoticeKind.ASSIGNED: "",
    NoticeKind.DISMISSED: "",
    NoticeKind.RULE: "",
    NoticeKind.LEARNING: "",
    NoticeKind.FILE: "ok",
    NoticeKind.TROUBLE: "late",
    NoticeKind.TROUBLE_OVER: "ok",
}


@require_safe
@signed_in
def notices(request: InboxRequest) -> HttpResponse:
    """List the notices, newest first.

    For htmx only the list, or with a cursor the next rows.
    """
    now, after = timezone.now(), request.GET.get("after", "")
    rows, following = notices_page(request.user, after)
    context = {
        "rows": [
            {"notice": notice, "when": display_time(notice.at, now), "tone": TONES.get(notice.kind, "risk")}
            for notice in rows
        ],
        "newest": rows[0].pk if rows else 0,
        "unread": any(notice.read_at is None for notice in rows),
        "next": f"{request.path}?after={following}" if following else "",
        "tab": "notices",
    }
    name = "inbox/notices/notices.html"
    if wants_fragment(request):
        name += "#more-rows" if after else "#notice-list"
    return render(request, name, context)


@require_POST
@signed_in
def open_notice(request: InboxRequest, pk: int) -> HttpResponse:
    """Mark a notice as read and redirect to its subject.

    That is its case, the queue of its cases, the changes of its version of the rules, its brand account, its
    learning item, its file, or the customers who report the same.
    """
    notice = Notice.objects.filter(user=request.user, pk=pk).first()
    if notice is None:
        raise Http404
    queue = notice_queue_url(notice, request.user) if notice.is_grouped else ""
    if notice.is_grouped and not queue:
        raise Http404
    mark_notices_read(request.user, timezone.now(), only=pk)
    if queue:
        return redirect(queue)
    if (number := notice.rules_version) is not None:
        return redirect(f"{reverse('routing:versions')}?before={number + 1}#version-{number}")
    if notice.learning_item_id is not None:
        return redirect("reports:learning_item", notice.learning_item_id)
    if notice.export_number is not None:
        return redirect("reports:export_file", notice.export_number)
    if notice.kind == NoticeKind.LINKED:
        return redirect(f"{reverse('reports:outcomes')}#linked")
    if notice.kind in (NoticeKind.CHARTER, NoticeKind.REVIEW):
        return redirect("accounts:charter", notice.brand_account_id)
    if notice.brand_account_id is not None:
        return redirect(f"{reverse('accounts:brand_accounts')}#account-{notice.brand_account_id}")
    if notice.kind == NoticeKind.TO_APPROVE:
        return redirect("inbox:approvals")
    return redirect("inbox:case", notice.case_id)


@require_POST
@signed_in
def mark_notice_read(request: InboxRequest, pk: int) -> HttpResponse:
    """Mark one notice as read."""
    if not Notice.objects.filter(user=request.user, pk=pk).exists():
        raise Http404
    mark_notices_read(request.user, timezone.now(), only=pk)
    return show_notices_again(request)


@require_POST
@signed_in
def mark_all_notices_read(request: InboxRequest) -> HttpResponse:
    """Mark all notices that the page showed as read.

    `until` is the newest of them: later ones stay unread.
    """
    posted = request.POST.get("until", "")
    until = int(posted) if posted.isascii() and posted.isdigit() and len(posted) < 18 else None
    marked = mark_notices_read(request.user, timezone.now(), until=until)
    messages.success(request, f"{marked} marked as read." if marked else "All of them were read already.")
    return redirect("inbox:notices")


def show_notices_again(request: InboxRequest) -> HttpResponse:
    """Show the list as it is now.

    The fragment for htmx, else the whole page.
    """
    if not wants_fragment(request):
        return redirect("inbox:notices")
    request.method = "GET"
    again: HttpResponse = notices(request)
    return again
