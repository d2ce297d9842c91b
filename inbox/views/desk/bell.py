"""The bell of every page: its number, the newest notices in its panel, and the icon that shows the number."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from inbox.notices.notify import mark_notices_read, notices_page, unread_notices
from inbox.views.guards import InboxRequest, signed_in, wants_fragment
from wording.times import display_time

#: Notices in the panel.
MOST_IN_PANEL = 8
#: The icon shows this number as "9+".
MANY = 10


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bell(request: InboxRequest) -> HttpResponse:
    """Show the newest notices and how many are unread.

    POST first marks those up to `until` as read; those that came later stay unread.
    """
    now = timezone.now()
    if request.method == "POST":
        posted = request.POST.get("until", "")
        if not (posted.isascii() and posted.isdigit() and len(posted) < 18):
            raise Http404
        mark_notices_read(request.user, now, until=int(posted))
    if not wants_fragment(request):
        return redirect("inbox:notices")
    newest, _ = notices_page(request.user, "", MOST_IN_PANEL)
    context = {
        "rows": [{"notice": notice, "when": display_time(notice.at, now)} for notice in newest],
        "unread": unread_notices(request.user).count(),
        "newest": max((notice.pk for notice in newest), default=0),
    }
    response = render(request, "inbox/notices/_bell_list.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@cache_control(public=True, max_age=7 * 86_400)
def bell_icon(request: InboxRequest, number: int) -> HttpResponse:
    """Draw the icon of a tab with a number of unread notices.

    It is the same for everybody.
    """
    if not 1 <= number <= MANY:
        raise Http404
    return render(
        request,
        "inbox/notices/_icon.svg",
        {"words": "9+" if number == MANY else number},
        content_type="image/svg+xml",
    )
