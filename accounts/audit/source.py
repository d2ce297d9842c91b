"""The person and address behind whatever is recorded while a request is answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import User

#: Named in entries that no signed-in person caused.
SERVER, SOMEBODY = "The server", "Somebody not signed in"

_request: ContextVar[HttpRequest | None] = ContextVar("audit_request", default=None)


@dataclass(frozen=True, slots=True)
class Source:
    """The person who asked, with the address; both empty for a command or a periodic task."""

    user: User | None
    address: str
    name: str


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """Attribute what is recorded in this block to a request."""
    _request.set(request)
    try:
        yield
    finally:
        _request.set(None)


def find_source() -> Source:
    """Return who asked for what happens now."""
    request = _request.get()
    if request is None:
        return Source(None, "", SERVER)
    # `config.trusted_proxy` has put the client's address there.
    address = str(request.META.get("REMOTE_ADDR") or "")[:45]
    user = getattr(request, "user", None)
    if isinstance(user, User) and user.is_authenticated:
        return Source(user, address, str(user))
    return Source(None, address, SOMEBODY)
