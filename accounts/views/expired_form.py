"""The answer to a form whose secret is no longer the browser's: signing in or out makes a new one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import redirect, render, resolve_url

from accounts.sign_in.places import page_of_request, read_posted_next, sign_in_address

#: Scripts on the page read from it that the form may be sent again with a new secret.
REFUSED_HEADER = "Horseshoe-Refused"


def refuse_expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form whose CSRF token is not valid.

    Sign-in forms lead on instead: to the inbox when somebody signed in in another tab, or to a new form. Not without
    the cookie: a browser that refuses cookies would be sent round for ever.
    """
    is_sign_in = request.method == "POST" and request.path == resolve_url(settings.LOGIN_URL)
    if is_sign_in and request.user.is_authenticated:
        messages.info(request, f"You are already signed in, as {request.user}.")
        return redirect(read_posted_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))
    if is_sign_in and reason != REASON_NO_CSRF_COOKIE:
        messages.warning(request, "The page was too old to sign in with. Please sign in again.")
        place = read_posted_next(request)
        return redirect(sign_in_address(place) if place else request.get_full_path())
    response = render(request, "403_csrf.html", {"page": page_of_request(request)}, status=403)
    response[REFUSED_HEADER] = "expired"
    return response
