"""Parts shared by the views of several packages.

They return the user, check who may edit, and turn denied edits into 404.
"""

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

#: Decorator for a view that shows a form and accepts its submission.
form_view = require_http_methods(["GET", "HEAD", "POST"])


def user_of(request: HttpRequest) -> User:
    """Return the user of a request that passed `login_required`."""
    return cast(User, request.user)


def require_policy_editor(request: HttpRequest) -> User:
    """Return the user if they may edit any policy or calendar.

    Raises `Http404` for everyone else, including managers without a department: denied and missing look alike.
    """
    user = user_of(request)
    if edit_scope_of(user).is_empty:
        raise Http404
    return user


@contextmanager
def denied_as_404() -> Iterator[None]:
    """Raise `Http404` for objects that are gone or may not be changed."""
    try:
        yield
    except (Rule.DoesNotExist, SLAPolicy.DoesNotExist, EditNotPermitted):
        raise Http404 from None
