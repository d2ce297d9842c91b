"""Sign-in through django-allauth without open sign-up: administrators add people."""

from __future__ import annotations

import datetime as dt
import math
import time
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from accounts.sign_in import browsers, limits
from wording.spans import written_span

_MISMATCH = "The name or the password is not correct."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes sign-up, because an administrator adds every user, and slows down guessing of passwords."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _MISMATCH,
        "username_password_mismatch": _MISMATCH,
    }

    def is_open_for_signup(self, request: HttpRequest | None, **kwargs: Any) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that `config.trusted_proxy` found.

        Behind a Unix socket without a trusted proxy there is none.
        """
        return request.META.get("REMOTE_ADDR") or "unknown"

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether people confirm who they are: 15 minutes after they last did or signed in.

        django-allauth itself asks right after signing in, too. And it refuses people who can be asked nothing here,
        because they sign in elsewhere.
        """
        user = self.request.user
        if not self.get_reauthentication_methods(user):
            return False
        records = get_authentication_records(self.request, user)
        return not records or time.time() - records[-1]["at"] >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Raises `ValidationError` when there were too many."""
        name = credentials.get("username") or credentials.get("email") or ""
        self._attempt = limits.identify_attempt(request, name, self.get_client_ip(request))
        try:
            limits.count_attempt(self._attempt, timezone.now())
        except limits.TooManyAttempts as refused:
            raise ValidationError(
                f"Too many wrong passwords. Try again in {_words_of_wait(refused.wait)}.",
                code="too_many_login_attempts",
            ) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the person with these credentials, None when they are wrong."""
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            limits.forget_attempt(self._attempt, timezone.now())
        return user

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Remember the browser, in which this person is no stranger any more."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        browsers.remember_browser(request, response, user)
        return response


def _words_of_wait(wait: dt.timedelta) -> str:
    """Return a wait in words, rounded up.

    From a minute on in whole minutes.
    """
    seconds = math.ceil(wait.total_seconds())
    return written_span(
        dt.timedelta(seconds=seconds) if seconds < 60 else dt.timedelta(minutes=math.ceil(seconds / 60))
    )
