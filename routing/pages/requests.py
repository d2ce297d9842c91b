"""Parts that the views of several rooms share: who asks, who may edit, and how an edit is denied."""

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

#: Decorator of a view that shows a form and takes what it sends.
form_view = require_http_methods(["GET", "HEAD", "POST"])


def user_of(request: HttpRequest) -> User:
    """Return the user of a request that `login_required` let through."""
    return cast(User, request.user)


def require_policy_editor(request: HttpRequest) -> User:
    """Return the user, who may edit some policy or calendar.

    Raises `Http404` for everyone else, managers of no department included: denied and absent look alike.
    """
    user = user_of(request)
    if edit_scope_of(user).is_empty:
        raise Http404
    return user


@contextmanager
def denied_as_404() -> Iterator[None]:
    """Raise `Http404` for what is gone, or not the user's to change."""
    try:
        yield
    except (Rule.DoesNotExist, SLAPolicy.DoesNotExist, EditNotPermitted):
        raise Http404 from None
