"""Functions that the views which change the playbook share: permission, the draft, one action and the
redirect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.guards import SignedInRequest
from routing.models import Playbook
from routing.playbook import edits, versions
from routing.playbook.ownership import owner_of
from routing.playbook.versions import PlaybookError
from routing.scope import EditScope, edit_scope_of


def require_scope(request: SignedInRequest) -> EditScope:
    """Return the scope that the user may change. Raises `Http404` when it is empty."""
    scope = edit_scope_of(request.user)
    if scope.is_empty:
        raise Http404
    return scope


def require_draft(request: SignedInRequest) -> Playbook:
    """Return the draft.

    Raises `Http404` when there is none, and for users who may change nothing.
    """
    require_scope(request)
    draft = versions.find_playbook_draft()
    if draft is None:
        raise Http404
    return draft


def require_own_part(request: SignedInRequest, draft: Playbook, kind: str, slug: str) -> dict[str, Any]:
    """Return a question or outcome of the draft.

    {} for a new one, which has no `slug`. Raises `Http404` when it is missing or the user may not change it.
    """
    if not slug:
        return {}
    part = edits.find_part(draft.snapshot, kind, slug)
    if part is None or not require_scope(request).covers(owner_of(part)):
        raise Http404
    return part


def posted_revision(request: SignedInRequest) -> int:
    """Return the posted revision of the draft, 0 for invalid input."""
    revision = request.POST.get("revision", "")
    return int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0


def perform_and_redirect(
    request: SignedInRequest, verb: Callable[[], str], to: str = "playbook:draft"
) -> HttpResponse:
    """Run an action, show its result as a message, and redirect.

    `verb` performs the action and returns the sentence to show. The text of a `PlaybookError` that it raises
    is shown as an error. `to` is the name of the URL.
    """
    try:
        messages.success(request, verb())
    except PlaybookError as error:
        messages.error(request, str(error))
    return redirect(to)
