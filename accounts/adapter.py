"""How sign-in behaves: no open sign-up, people are invited."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """An administrator makes users; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest | None, **kwargs: Any) -> bool:
        return False
