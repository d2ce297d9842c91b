"""Two-factor sign-in where required, recording when people were seen, redirects for scripts and to sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import MiddlewareNotUsed
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from accounts.access import ROLES
from accounts.audit import source
from accounts.models import User
from accounts.sign_in.places import page_of_request, sign_in_address
from accounts.working_time import presence
from postgres.time_limits import is_lock_timeout
from wording.times import show_times_in

#: URLs for signing in and out and for setting up the second factor.
_SIGN_IN_PREFIX = "auth/"
#: Sent by scripts with a form's request, and the header of its answer that tells them where to go.
_FORM_HEADER, _LOCATION_HEADER = "Horseshoe-Form", "Horseshoe-Location"


def attribute_changes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Tell the audit log who asks for a change.

    And from which address.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with source.answering(request):
            return get_response(request)

    return middleware


class SecondFactorMiddleware(MiddlewareMixin):
    """Redirects people to set up a second factor before anything else.

    This applies to administrators and users whose role may publish. Unless MFA_REQUIRED is set, the
    middleware is not used and costs nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.SECOND_FACTOR_REQUIRED:
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Return a redirect to the set-up page, or None to continue."""
        user = request.user
        match = request.resolver_match
        if not isinstance(user, User) or (match is not None and match.route.startswith(_SIGN_IN_PREFIX)):
            return None
        if user.role not in ROLES["publish"] | ROLES["users"] or _has_second_factor(user):
            return None
        messages.warning(request, "Your role needs a second factor. Set it up to go on.")
        return redirect("mfa_activate_totp")


def _has_second_factor(user: User) -> bool:
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return bool(factors.exists())


def _mark_seen_unless_locked(user: User) -> None:
    """Record that a person is present.

    Somebody who is changing that person does not keep their pages from them: then it is recorded a minute later.
    """
    try:
        presence.mark_seen(user, timezone.now())
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise


def record_presence(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Record that the person who requests a page is present.

    At most one write per minute and person. A person who signed out in this request is recorded as signed
    out. The live stream records presence itself: its response gets here after it has released its database
    connection, and a connection opened here would be kept for as long as the page is open.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        before = request.user
        response = get_response(request)
        if response.streaming:
            return response
        user = request.user
        if isinstance(user, User) and user.is_authenticated:
            _mark_seen_unless_locked(user)
        elif isinstance(before, User) and before.pk is not None:
            presence.mark_signed_out(before.pk, timezone.now())
        return response

    return middleware


def show_own_times(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Show times in the zone that the person has chosen.

    Nobody is looked up before a time is shown.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with show_times_in(lambda: getattr(request.user, "time_zone", "")):
            return get_response(request)

    return middleware


def lead_scripts(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Tell scripts where to go, and lead back after signing in.

    A browser follows redirects behind a script's back: a fragment would be the sign-in page. And the address of a
    form is not a page to come back to.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        from_htmx, from_form = "HX-Request" in request.headers, _FORM_HEADER in request.headers
        if request.method != "POST" and not from_htmx:
            return response
        place = response.headers.get("HX-Redirect") or response.headers.get("Location") or ""
        to_sign_in = urlsplit(place).path == resolve_url(settings.LOGIN_URL)
        to_sign_in = to_sign_in and not request.path.startswith(f"/{_SIGN_IN_PREFIX}")
        if to_sign_in:
            place = sign_in_address(page_of_request(request), ended=from_htmx or from_form)
        if place and (from_form or (to_sign_in and from_htmx)):
            del response.headers["Location"]
            response.status_code = 200
            response.headers[_LOCATION_HEADER if from_form else "HX-Redirect"] = place
        elif to_sign_in:
            response.headers["Location"] = place
        return response

    return middleware
