"""Steps that the views of the rule editor share.

They check who may edit, load the rules being edited, and redirect to the list.
"""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from routing.models import Rule, RuleDraft
from routing.pages.requests import user_of
from routing.rule_editor.worksheet import Worksheet, live_version_number, load_worksheet
from routing.rules.scope import rule_scope_of

#: Key of the session under which the reason for a draft's first change waits for the page that publishes the draft.
DRAFT_NOTE = "rule_draft_note"


def require_rule_editor(request: HttpRequest) -> User:
    """Return the user if they may change any rule.

    This includes community managers with a brand account. Raises `Http404` for everyone else: denied and missing look
    alike.
    """
    user = user_of(request)
    if rule_scope_of(user).is_empty:
        raise Http404
    return user


def open_worksheet(request: HttpRequest) -> Worksheet:
    """Return the user's worksheet if they may change any rule.

    Raises `Http404` for everyone else, as `require_rule_editor` does.
    """
    worksheet = load_worksheet(user_of(request))
    if not worksheet.may_edit:
        raise Http404
    return worksheet


def open_rule(request: HttpRequest, key: uuid.UUID) -> tuple[Worksheet, Rule]:
    """Return the user's worksheet, and the rule with this key.

    Raises `Http404` when the rule is gone or the user may not change it.
    """
    worksheet = open_worksheet(request)
    rule = worksheet.find_editable_rule(str(key))
    if rule is None:
        raise Http404
    return worksheet, rule


def redirect_to_rule_list(key: uuid.UUID | None = None) -> HttpResponse:
    """Redirect to the list of rules.

    With the key of a rule, the list opens on the page of that rule and jumps to it.
    """
    return redirect(reverse("routing:rule_list") + (f"?at={key}#rule-{key}" if key else ""))


def in_draft(user: User) -> str:
    """Return " in your draft", or "" when the user has none."""
    return " in your draft" if RuleDraft.objects.filter(by=user).exists() else ""


def add_undoable_message(request: HttpRequest, text: str, live_before: int) -> None:
    """Show a message; with a button to undo the version that was published since `live_before`.

    A change of a draft publishes none, and is not offered.
    """
    number = live_version_number()
    messages.success(request, text, extra_tags=f"rules-{number}" if number == live_before + 1 > 1 else "")
