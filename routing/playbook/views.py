"""The playbook's pages that change nothing: the tree, trying it, its versions."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Department, User
from routing.models import PlaybookVersion
from routing.pages.versions import VersionListSettings, render_version_list
from routing.playbook import versions
from routing.playbook.history import describe_playbook_changes
from routing.playbook.outline import build_outline, describe_action
from routing.playbook.ownership import objection_to_change
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
from routing.scope import EditScope, edit_scope_of


def department_names() -> dict[str, str]:
    return dict(Department.objects.values_list("slug", "name"))


def _request_scope(request: HttpRequest) -> EditScope:
    return edit_scope_of(cast(User, request.user))


@require_safe
@login_required
def playbook_page(request: HttpRequest) -> HttpResponse:
    """The live playbook as an outline, and whether a draft waits."""
    live, draft = versions.live_playbook(), versions.find_playbook_draft()
    waiting = bool(draft and describe_playbook_changes(live.snapshot if live else {}, draft.snapshot))
    scope = _request_scope(request)
    context = {
        "version": live,
        "outline": build_outline(parse_playbook(live.snapshot)) if live else None,
        "draft": draft,
        "waiting": waiting,
        "may_edit": not scope.is_empty,
        "may_start": scope.is_company_wide,
        "names": department_names(),
    }
    return render(request, "routing/playbook/playbook.html", context)


@require_safe
@login_required
def playbook_try(request: HttpRequest) -> HttpResponse:
    """Walk through the live playbook or (`of=draft`) the draft; the answers so far are in the address (`a`)."""
    of_draft = request.GET.get("of") == "draft" and not _request_scope(request).is_empty
    draft, live = versions.find_playbook_draft() if of_draft else None, versions.live_playbook()
    kept = draft or live
    answers = [one[:60] for one in request.GET.getlist("a")[: MAX_QUESTIONS_IN_A_ROW * 2]]
    return render(
        request,
        "routing/playbook/playbook_try.html",
        _try_context(kept.snapshot if kept else {}, answers, bool(draft)),
    )


def _try_context(snapshot: dict[str, Any], answers: list[str], of_draft: bool) -> dict[str, Any]:
    tree: PlaybookTree = parse_playbook(snapshot)
    walked = walk_playbook(tree, answers)

    def address(given: list[str]) -> str:
        query = urlencode([*([("of", "draft")] if of_draft else []), *(("a", one) for one in given)])
        return f"{reverse('playbook:try')}?{query}"

    taken, at = answers[: len(walked.answered)], walked.position
    question = at if isinstance(at, Question) else None
    outcome = at if isinstance(at, Outcome) else None
    choices = [(one.key, one.text) for one in question.answers] if question else []
    return {
        "of_draft": of_draft,
        "question": question,
        "outcome": outcome,
        "action": describe_action(outcome, department_names()) if outcome else "",
        "choices": [
            (n, address([*taken, key]), text)
            for n, (key, text) in enumerate([*choices, (NONE_KEY, NONE_TEXT)], 1)
        ],
        "given": [(asked.text, said) for asked, said in walked.answered],
        "back": address(taken[:-1]) if taken else "",
        "again": address([]),
    }


@require_safe
@login_required
def playbook_versions(request: HttpRequest) -> HttpResponse:
    """Who changed what and when; those may go back who may change all that this would."""
    scope, newest = _request_scope(request), versions.live_playbook()
    now = newest.snapshot if newest else {}
    return render_version_list(
        request,
        _PLAYBOOK_VERSION_LIST,
        lambda old: not scope.is_empty and not objection_to_change(now, old, scope.covers),
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
