"""What every view of this room shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.http import Http404, HttpRequest
from django.views.decorators.http import require_http_methods

from accounts.models import User
from routing.models import Rule, SLAPolicy
from routing.refusals import EditNotPermitted
from routing.scope import edit_scope_of

form_view = require_http_methods(["GET", "HEAD", "POST"])


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def require_policy_editor(request: HttpRequest) -> User:
    """The user, who may edit something of the policies and calendars. Raises `Http404` for everyone else, managers of no
    department included: denied and absent look alike."""
    user = user_of(request)
    if edit_scope_of(user).is_empty:
        raise Http404
    return user


@contextmanager
def denied_as_404() -> Iterator[None]:
    """What is not the person's to change, and what is gone, are the same `Http404`."""
    try:
        yield
    except (Rule.DoesNotExist, SLAPolicy.DoesNotExist, EditNotPermitted):
        raise Http404 from None
