"""Pages that change one question or one outcome of the draft: its form, and its removal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import SignedInRequest, require_action
from routing.models import Playbook
from routing.pages.requests import form_view
from routing.playbook import edits, versions
from routing.playbook.forms import OutcomeForm, QuestionEditor
from routing.playbook.requests import (
    perform_and_redirect,
    posted_revision,
    require_draft,
    require_own_part,
    require_scope,
)
from routing.playbook.versions import PlaybookEditNotPermitted, StalePlaybookDraft


@form_view
@require_action("edit_playbook")
def playbook_question_edit(request: SignedInRequest, slug: str = "") -> HttpResponse:
    """Show the form of a question with its answers; posting it changes the draft.

    Without a key (`slug`) it is a new question. Moving or removing an answer (`do`) saves nothing yet.
    """
    draft = require_draft(request)
    require_own_part(request, draft, "questions", slug)
    key = slug or edits.unused_key(draft.snapshot, "questions")
    data = request.POST if request.method == "POST" else None
    editor = QuestionEditor(draft.snapshot, key, draft.revision, data, scope=require_scope(request))
    is_submitted = data is not None and "do" not in data
    answers = editor.content() if is_submitted else None
    if answers is not None:
        cleaned = editor.form.cleaned_data
        texts = (cleaned["text"].strip(), cleaned["help"].strip().replace("\r\n", "\n"))
        snapshot, created = edits.put_question(draft.snapshot, key, *texts, answers, cleaned["owner"])
        if _save_draft_change(request, editor.form, snapshot, draft):
            return _redirect_after_save(created)
    context = {
        "editor": editor,
        "slug": slug,
        "draft": draft,
        "refused": is_submitted,
        "moved": bool(data) and not is_submitted,
    }
    status = 422 if is_submitted else 200
    return render(request, "routing/playbook/playbook_question.html", context, status=status)


def _save_draft_change(
    request: SignedInRequest, form: Any, snapshot: dict[str, Any], draft: Playbook
) -> bool:
    """Save a snapshot as the draft; return False when it is refused.

    The form then has the error. When somebody else saved first, the form also gets the new revision, so that
    saving again succeeds.
    """
    try:
        versions.save_playbook_draft(snapshot, form.cleaned_data["revision"], request.user, timezone.now())
    except StalePlaybookDraft as error:
        form.add_error(
            None, f"{error} What you typed is kept; saving again puts it into the draft as it is now."
        )
        form.data = form.data.copy()
        form.data["revision"] = str(draft.revision)
        return False
    except PlaybookEditNotPermitted as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "Saved to the draft. Nobody sees it until it is published.")
    return True


def _redirect_after_save(created: list[tuple[str, str]]) -> HttpResponse:
    """Redirect to the first question or outcome created, else to the draft."""
    if not created:
        return redirect("playbook:draft")
    kind, key = created[0]
    return redirect("playbook:question" if kind == "questions" else "playbook:outcome", slug=key)


@form_view
@require_action("edit_playbook")
def playbook_outcome_edit(request: SignedInRequest, slug: str = "") -> HttpResponse:
    """Show the form of an outcome; posting it changes the draft.

    Without a key (`slug`) it is a new outcome.
    """
    draft = require_draft(request)
    outcome = require_own_part(request, draft, "outcomes", slug)
    key = slug or edits.unused_key(draft.snapshot, "outcomes")
    initial = {**outcome, "revision": draft.revision}
    form = OutcomeForm(request.POST or None, initial=initial, scope=require_scope(request))
    if request.method == "POST" and form.is_valid():
        snapshot = edits.put_outcome(draft.snapshot, form.content(key))
        if _save_draft_change(request, form, snapshot, draft):
            return redirect("playbook:draft")
    context = {"form": form, "slug": slug, "draft": draft, "refused": form.is_bound}
    return render(
        request, "routing/playbook/playbook_outcome.html", context, status=422 if form.is_bound else 200
    )


def _remove_part(request: SignedInRequest, kind: str, slug: str, noun: str) -> HttpResponse:
    draft = require_draft(request)
    part = require_own_part(request, draft, kind, slug)

    def verb() -> str:
        snapshot = edits.remove_part(draft.snapshot, kind, slug)
        versions.save_playbook_draft(snapshot, posted_revision(request), request.user, timezone.now())
        return f"{noun} “{part.get('name') or part.get('text') or slug}” is removed from the draft."

    return perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_question_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """Remove a question from the draft; answers that led to it lead nowhere afterwards."""
    return _remove_part(request, "questions", slug, "The question")


@require_POST
@require_action("edit_playbook")
def playbook_outcome_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """Remove an outcome from the draft; answers that led to it lead nowhere afterwards."""
    return _remove_part(request, "outcomes", slug, "The outcome")
