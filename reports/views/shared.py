"""The page of a link for guests: nobody signs in, nothing can be pressed, and no search engine keeps it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reports.exports.links import open_link, render_link
from wording.times import company_zone


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show a saved report to whoever has its link; 404 once that has expired or was revoked."""
    now = timezone.now()
    link = open_link(token, now=now)
    page = link and render_link(link, now=now)
    if link is None or page is None:
        raise Http404("This link has expired or was revoked.")
    context = {"report": link.report, "page": page, "ends": link.expires_at.astimezone(company_zone())}
    answer = render(request, "reports/saved/shared.html", context)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
