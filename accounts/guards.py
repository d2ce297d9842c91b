"""Decorators that let a request in, or answer as if the URL did not exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails

from accounts.access import viewer
from accounts.models import User

P = ParamSpec("P")
GuardedView = Callable[Concatenate["SignedInRequest", P], HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request of a signed-in user."""

    user: User
    htmx: HtmxDetails


def require_action(action: str) -> Callable[[GuardedView[P]], Callable[..., HttpResponseBase]]:
    """Let only users in whose role allows `action`.

    `action` is a key of `accounts.access.ROLES`. Other users get the 404 of a URL that does not exist; people
    who are not signed in are redirected to the sign-in page.
    """

    def decorate(view: GuardedView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not viewer(request.user).may(action):
                raise Http404
            return view(request, *args, **kwargs)

        return login_required(guarded)

    return decorate


def require_recent_sign_in(view: GuardedView[P]) -> GuardedView[P]:
    """Ask for the password (or second factor) again after 15 minutes."""
    guarded: GuardedView[P] = reauthentication_required(view)
    return guarded
