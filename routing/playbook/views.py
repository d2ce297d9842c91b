"""Read-only pages of the playbook: the tree, a trial of it, its versions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Department
from routing.models import PlaybookVersion
from routing.pages.requests import user_of
from routing.pages.versions import VersionListSettings, render_version_list
from routing.playbook import versions
from routing.playbook.history import describe_playbook_changes
from routing.playbook.outline import build_outline, describe_action
from routing.playbook.ownership import objection_to_change, owns_something
from routing.playbook.tree import (
    MAX_QUESTIONS_IN_A_ROW,
    NONE_KEY,
    NONE_TEXT,
    Outcome,
    PlaybookTree,
    Question,
    parse_playbook,
    walk_playbook,
)
from routing.scope import edit_scope_of


def department_names() -> dict[str, str]:
    """Return the names of all departments by slug. One statement."""
    return dict(Department.objects.values_list("slug", "name"))


@require_safe
@login_required
def playbook_page(request: HttpRequest) -> HttpResponse:
    """Show the live playbook as an outline.

    The page also says whether the draft has unpublished changes.
    """
    live, draft = versions.live_playbook(), versions.find_playbook_draft()
    waiting = bool(draft and describe_playbook_changes(live.snapshot if live else {}, draft.snapshot))
    scope = edit_scope_of(user_of(request))
    edited = draft or live
    context = {
        "version": live,
        "outline": build_outline(parse_playbook(live.snapshot)) if live else None,
        "draft": draft,
        "waiting": waiting,
        "may_edit": not scope.is_empty,
        "may_start": scope.is_company_wide,
        "owns_something": edited is None or owns_something(edited.snapshot, scope.covers),
        "names": department_names(),
    }
    return render(request, "routing/playbook/playbook.html", context)


@require_safe
@login_required
def playbook_try(request: HttpRequest) -> HttpResponse:
    """Walk through the live playbook or (`of=draft`) the draft.

    The answers so far are in the query string, one key per `a`.
    """
    of_draft = request.GET.get("of") == "draft" and not edit_scope_of(user_of(request)).is_empty
    draft, live = versions.find_playbook_draft() if of_draft else None, versions.live_playbook()
    tried = draft or live
    answers = [key[:60] for key in request.GET.getlist("a")[: MAX_QUESTIONS_IN_A_ROW * 2]]
    context = _try_context(tried.snapshot if tried else {}, answers, bool(draft))
    return render(request, "routing/playbook/playbook_try.html", context)


def _try_context(snapshot: dict[str, Any], answers: list[str], of_draft: bool) -> dict[str, Any]:
    tree: PlaybookTree = parse_playbook(snapshot)
    walk = walk_playbook(tree, answers)

    def address(keys: list[str]) -> str:
        query = urlencode([*([("of", "draft")] if of_draft else []), *(("a", key) for key in keys)])
        return f"{reverse('playbook:try')}?{query}"

    path = answers[: len(walk.answered)]
    question = walk.position if isinstance(walk.position, Question) else None
    outcome = walk.position if isinstance(walk.position, Outcome) else None
    choices = [(answer.key, answer.text) for answer in question.answers] if question else []
    return {
        "of_draft": of_draft,
        "question": question,
        "outcome": outcome,
        "action": describe_action(outcome, department_names()) if outcome else "",
        "choices": [
            (n, address([*path, key]), text)
            for n, (key, text) in enumerate([*choices, (NONE_KEY, NONE_TEXT)], 1)
        ],
        "given": [(answered.text, answer) for answered, answer in walk.answered],
        "back": address(path[:-1]) if path else "",
        "again": address([]),
    }


@require_safe
@login_required
def playbook_versions(request: HttpRequest) -> HttpResponse:
    """Show the versions: who changed what and when.

    A user may restore a version when they may change everything that this would change.
    """
    scope, version = edit_scope_of(user_of(request)), versions.live_playbook()
    live = version.snapshot if version else {}
    return render_version_list(
        request,
        _PLAYBOOK_VERSION_LIST,
        lambda snapshot: not scope.is_empty and not objection_to_change(live, snapshot, scope.covers),
    )


_PLAYBOOK_VERSION_LIST = VersionListSettings(
    PlaybookVersion,
    describe_playbook_changes,
    {
        "title": "Versions of the playbook",
        "restore": "playbook:restore",
        "back": "playbook:page",
        "back_label": "The playbook",
        "none_yet": "No version yet. The first comes when a draft is published.",
    },
)
