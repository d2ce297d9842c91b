"""What every view of the rule editor begins or ends with: who may, the rules they edit, and the way back to the list."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from routing.models import Rule
from routing.pages.requests import user_of
from routing.rule_editor.worksheet import Worksheet, load_worksheet
from routing.rules.scope import rule_scope_of


def require_rule_editor(request: HttpRequest) -> User:
    """Return the user, who may change some rule.

    Community managers with a brand account are among them. Raises `Http404` for everyone else: denied and absent look
    alike.
    """
    user = user_of(request)
    if rule_scope_of(user).is_empty:
        raise Http404
    return user


def open_worksheet(request: HttpRequest) -> Worksheet:
    """Return the worksheet of the user, who may change some rule.

    Raises `Http404` for everyone else, as `require_rule_editor` does.
    """
    worksheet = load_worksheet(user_of(request))
    if not worksheet.may_edit:
        raise Http404
    return worksheet


def open_rule(request: HttpRequest, key: uuid.UUID) -> tuple[Worksheet, Rule]:
    """Return the user's worksheet, and the rule with this key.

    Raises `Http404` when the rule is gone or not the user's to change.
    """
    worksheet = open_worksheet(request)
    rule = worksheet.find_editable_rule(str(key))
    if rule is None:
        raise Http404
    return worksheet, rule


def redirect_to_rule_list(key: uuid.UUID | None = None) -> HttpResponse:
    """Redirect to the list of rules.

    With the key of a rule the list opens at that rule, on the page that it is on.
    """
    return redirect(reverse("routing:rule_list") + (f"?at={key}#rule-{key}" if key else ""))
