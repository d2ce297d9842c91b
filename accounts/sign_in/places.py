"""The page to open after signing in: places of our own only."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def read_posted_next(request: HttpRequest) -> str:
    """Return where the sign-in form leads.

    "" if nowhere, or to another site.
    """
    place = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        place, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return place if is_ours else ""


def page_of_request(request: HttpRequest) -> str:
    """Return the page that made the request.

    "/" where the browser does not tell.
    """
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}):
        return "/"
    parts = urlsplit(page)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def sign_in_address(place: str, *, ended: bool = False) -> str:
    """Return the sign-in page's address that leads on to `place`.

    `ended`: a session ended while scripts kept what was typed, which the page then says.
    """
    query = {"next": place} if place else {}
    if ended:
        query["ended"] = "1"
    return f"{resolve_url(settings.LOGIN_URL)}{'?' if query else ''}{urlencode(query)}"
