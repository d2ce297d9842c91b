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
from routing.pages.versions import Kind, listing
from routing.playbook import versions as playbooks
from routing.playbook.history import difference
from routing.playbook.outline import action_words, outline
from routing.playbook.ownership import objection
from routing.playbook.tree import DEEPEST, NONE, NONE_TEXT, Outcome, Question, Tree, tree_of, walk
from routing.scope import Scope, scope_of


def department_names() -> dict[str, str]:
    return dict(Department.objects.values_list("slug", "name"))


def _scope(request: HttpRequest) -> Scope:
    return scope_of(cast(User, request.user))


@require_safe
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """The live playbook as an outline, and whether a draft waits."""
    live, draft = playbooks.live(), playbooks.draft()
    waiting = bool(draft and difference(live.snapshot if live else {}, draft.snapshot))
    scope = _scope(request)
    context = {
        "version": live,
        "outline": outline(tree_of(live.snapshot)) if live else None,
        "draft": draft,
        "waiting": waiting,
        "may_edit": not scope.is_empty,
        "may_start": scope.is_whole,
        "names": department_names(),
    }
    return render(request, "routing/playbook.html", context)


@require_safe
@login_required
def try_it(request: HttpRequest) -> HttpResponse:
    """Walk through the live playbook or (`of=draft`) the draft; the answers so far are in the address (`a`)."""
    of_draft = request.GET.get("of") == "draft" and not _scope(request).is_empty
    draft, live = playbooks.draft() if of_draft else None, playbooks.live()
    kept = draft or live
    answers = [one[:60] for one in request.GET.getlist("a")[: DEEPEST * 2]]
    return render(
        request, "routing/playbook_try.html", _tried(kept.snapshot if kept else {}, answers, bool(draft))
    )


def _tried(snapshot: dict[str, Any], answers: list[str], of_draft: bool) -> dict[str, Any]:
    tree: Tree = tree_of(snapshot)
    walked = walk(tree, answers)

    def address(given: list[str]) -> str:
        query = urlencode([*([("of", "draft")] if of_draft else []), *(("a", one) for one in given)])
        return f"{reverse('playbook:try')}?{query}"

    taken, at = answers[: len(walked.taken)], walked.at
    question = at if isinstance(at, Question) else None
    outcome = at if isinstance(at, Outcome) else None
    choices = [(one.key, one.text) for one in question.answers] if question else []
    return {
        "of_draft": of_draft,
        "question": question,
        "outcome": outcome,
        "action": action_words(outcome, department_names()) if outcome else "",
        "choices": [
            (n, address([*taken, key]), text)
            for n, (key, text) in enumerate([*choices, (NONE, NONE_TEXT)], 1)
        ],
        "given": [(asked.text, said) for asked, said in walked.taken],
        "back": address(taken[:-1]) if taken else "",
        "again": address([]),
    }


@require_safe
@login_required
def versions(request: HttpRequest) -> HttpResponse:
    """Who changed what and when; those may go back who may change all that this would."""
    scope, newest = _scope(request), playbooks.live()
    now = newest.snapshot if newest else {}
    return listing(
        request, _VERSIONS, lambda old: not scope.is_empty and not objection(now, old, scope.covers)
    )


_VERSIONS = Kind(
    PlaybookVersion,
    difference,
    {
        "title": "Versions of the playbook",
        "restore": "playbook:restore",
        "back": "playbook:page",
        "back_label": "The playbook",
        "none_yet": "No version yet. The first comes when a draft is published.",
    },
)
