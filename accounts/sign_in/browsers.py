"""A signed cookie in each browser that names the people who have signed in there before.

It lets nobody in. But wrong passwords that come from elsewhere do not count against such a browser.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User

_COOKIE, _SALT, _PATH = "horseshoe_browser", "accounts.sign_in.browsers", "/auth/"
_MAX_AGE = 60 * 60 * 24 * 180
#: People who share a browser; those who signed in last are kept.
_PEOPLE_MAX = 8


def find_browser(request: HttpRequest, user_id: int) -> str:
    """Return the id of this browser.

    "" if the user has never signed in with it.
    """
    browser, user_ids = _read_cookie(request)
    return browser if user_id in user_ids else ""


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Store in the browser that the user has signed in with it."""
    browser, user_ids = _read_cookie(request)
    newest_first = [user.pk, *(user_id for user_id in user_ids if user_id != user.pk)][:_PEOPLE_MAX]
    response.set_signed_cookie(
        _COOKIE,
        ".".join([browser or secrets.token_hex(16), *map(str, newest_first)]),
        salt=_SALT,
        max_age=_MAX_AGE,
        path=_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read_cookie(request: HttpRequest) -> tuple[str, list[int]]:
    value = request.get_signed_cookie(_COOKIE, default="", salt=_SALT, max_age=_MAX_AGE)
    browser, *user_ids = str(value).split(".")
    return browser, [int(user_id) for user_id in user_ids]
