"""Sign-in through django-allauth without open sign-up: administrators add people."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes sign-up: an administrator adds every user."""

    def is_open_for_signup(self, request: HttpRequest | None, **kwargs: Any) -> bool:
        return False
