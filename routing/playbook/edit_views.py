"""Pages that change the playbook: a draft, a form for each question or outcome, publishing.

Administrators may use them, and managers for the parts that their departments own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from accounts.models import Department
from routing.models import Playbook, PlaybookVersion
from routing.pages.requests import form_view
from routing.playbook import edits, versions
from routing.playbook.checks import check_playbook
from routing.playbook.forms import OutcomeForm, QuestionEditor
from routing.playbook.history import describe_playbook_changes
from routing.playbook.outline import build_outline
from routing.playbook.ownership import editable_keys, owner_of
from routing.playbook.tree import parse_playbook
from routing.playbook.versions import PlaybookEditNotPermitted, PlaybookError, StalePlaybookDraft
from routing.playbook.views import department_names
from routing.scope import EditScope, edit_scope_of


def _require_scope(request: SignedInRequest) -> EditScope:
    """Return the scope of what the user may change. Raises `Http404` when it is empty."""
    scope = edit_scope_of(request.user)
    if scope.is_empty:
        raise Http404
    return scope


def _require_draft(request: SignedInRequest) -> Playbook:
    """Return the draft. Raises `Http404` without one, and for users who may change nothing."""
    _require_scope(request)
    draft = versions.find_playbook_draft()
    if draft is None:
        raise Http404
    return draft


def _require_own_part(request: SignedInRequest, draft: Playbook, kind: str, slug: str) -> dict[str, Any]:
    """Return a question or outcome of the draft.

    {} for a new one, which has no `slug`. Raises `Http404` when it is gone or not the user's to change.
    """
    if not slug:
        return {}
    part = edits.find_part(draft.snapshot, kind, slug)
    if part is None or not _require_scope(request).covers(owner_of(part)):
        raise Http404
    return part


def _posted_revision(request: SignedInRequest) -> int:
    revision = request.POST.get("revision", "")
    return int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0


def _perform_and_redirect(
    request: SignedInRequest, verb: Callable[[], str], to: str = "playbook:draft"
) -> HttpResponse:
    """Run one verb, tell what happened, and redirect to a page.

    The verb returns the sentence to show; the message of a `PlaybookError` that it raises is shown as an error.
    """
    try:
        messages.success(request, verb())
    except PlaybookError as error:
        messages.error(request, str(error))
    return redirect(to)


@require_POST
@require_action("edit_playbook")
def playbook_draft_begin(request: SignedInRequest) -> HttpResponse:
    """Begin a draft as a copy of the live playbook; keep an existing one."""
    _require_scope(request)
    versions.begin_playbook_draft(request.user, timezone.now())
    return redirect("playbook:draft")


@require_POST
@require_action("edit_playbook")
def playbook_starter_install(request: SignedInRequest) -> HttpResponse:
    """Install the starter playbook, while there is none; for administrators."""
    if not _require_scope(request).is_company_wide:
        raise Http404

    def verb() -> str:
        versions.install_starter_playbook(request.user, timezone.now())
        return "The starter playbook is live."

    return _perform_and_redirect(request, verb, "playbook:page")


@require_safe
@require_action("edit_playbook")
def playbook_draft(request: SignedInRequest) -> HttpResponse:
    """Show the draft, its problems, and what publishing would change."""
    draft, live, scope = _require_draft(request), versions.live_playbook(), _require_scope(request)
    tree, published = (
        parse_playbook(draft.snapshot),
        versions.live_with_own_part(draft.snapshot, request.user),
    )
    context = {
        "draft": draft,
        "version": live,
        "outline": build_outline(tree),
        "tree": tree,
        "questions": list(tree.questions.values()),
        "outcomes": list(tree.outcomes.values()),
        "problems": check_playbook(published, dict(Department.objects.values_list("slug", "is_open"))),
        "lines": describe_playbook_changes(live.snapshot if live else None, published),
        "of_others": describe_playbook_changes(published, draft.snapshot),
        "my_questions": editable_keys(draft.snapshot, "questions", scope.covers),
        "my_outcomes": editable_keys(draft.snapshot, "outcomes", scope.covers),
        "may_choose_ends": scope.is_company_wide,
        "names": department_names(),
    }
    return render(request, "routing/playbook/playbook_draft.html", context)


@form_view
@require_action("edit_playbook")
def playbook_question_edit(request: SignedInRequest, slug: str = "") -> HttpResponse:
    """Show the form of a question with its answers; posting it changes the draft.

    Without a key (`slug`) it is a new question. Moving or removing an answer (`do`) saves nothing yet.
    """
    draft = _require_draft(request)
    _require_own_part(request, draft, "questions", slug)
    key = slug or edits.unused_key(draft.snapshot, "questions")
    data = request.POST if request.method == "POST" else None
    editor = QuestionEditor(draft.snapshot, key, draft.revision, data, scope=_require_scope(request))
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
    """Save a snapshot as the draft; return False when refused.

    The form then says why. When somebody else was quicker it takes their revision, so that saving again succeeds.
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
    messages.success(request, "Kept in the draft. It asks nobody anything until it is published.")
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
    draft = _require_draft(request)
    outcome = _require_own_part(request, draft, "outcomes", slug)
    key = slug or edits.unused_key(draft.snapshot, "outcomes")
    initial = {**outcome, "revision": draft.revision}
    form = OutcomeForm(request.POST or None, initial=initial, scope=_require_scope(request))
    if request.method == "POST" and form.is_valid():
        snapshot = edits.put_outcome(draft.snapshot, form.content(key))
        if _save_draft_change(request, form, snapshot, draft):
            return redirect("playbook:draft")
    context = {"form": form, "slug": slug, "draft": draft, "refused": form.is_bound}
    return render(
        request, "routing/playbook/playbook_outcome.html", context, status=422 if form.is_bound else 200
    )


def _remove_part(request: SignedInRequest, kind: str, slug: str, noun: str) -> HttpResponse:
    draft = _require_draft(request)
    part = _require_own_part(request, draft, kind, slug)

    def verb() -> str:
        snapshot = edits.remove_part(draft.snapshot, kind, slug)
        versions.save_playbook_draft(snapshot, _posted_revision(request), request.user, timezone.now())
        return f"{noun} “{part.get('name') or part.get('text') or slug}” is removed from the draft."

    return _perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_question_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """Remove a question from the draft; answers that led to it lead nowhere then."""
    return _remove_part(request, "questions", slug, "The question")


@require_POST
@require_action("edit_playbook")
def playbook_outcome_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """Remove an outcome from the draft; answers that led to it lead nowhere then."""
    return _remove_part(request, "outcomes", slug, "The outcome")


@require_POST
@require_action("edit_playbook")
def playbook_ends_choose(request: SignedInRequest) -> HttpResponse:
    """Choose the first question and the default outcome; for administrators."""
    draft = _require_draft(request)
    if not _require_scope(request).is_company_wide:
        raise Http404

    def verb() -> str:
        tree = parse_playbook(draft.snapshot)
        start, default = request.POST.get("start", ""), request.POST.get("default", "")
        if start not in tree.questions or default not in tree.outcomes:
            raise PlaybookError("Choose a question and an outcome that are there.")
        snapshot = edits.choose_ends(draft.snapshot, start, default)
        versions.save_playbook_draft(snapshot, _posted_revision(request), request.user, timezone.now())
        return "Kept in the draft."

    return _perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_publish(request: SignedInRequest) -> HttpResponse:
    """Publish the user's own part of the draft.

    New cases begin with the new version at once; those that began with an older version keep that one.
    """
    _require_scope(request)
    note = request.POST.get("note", "").replace("\x00", "").strip()

    def verb() -> str:
        version = versions.publish_playbook(request.user, note, _posted_revision(request), timezone.now())
        return (
            f"Version {version.number} is live." if version else "Nothing has changed since the live version."
        )

    return _perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_draft_discard(request: SignedInRequest) -> HttpResponse:
    """Reset the user's own part of the draft to the live version."""
    _require_scope(request)

    def verb() -> str:
        versions.discard_playbook_draft(_posted_revision(request), request.user, timezone.now())
        return "The draft is discarded: what you may change of it is what is live."

    return _perform_and_redirect(request, verb, "playbook:page")


@require_POST
@require_action("edit_playbook")
def playbook_version_restore(request: SignedInRequest, number: int) -> HttpResponse:
    """Publish an older version again, as a new one."""
    _require_scope(request)

    def verb() -> str:
        version = versions.restore_playbook_version(number, request.user, timezone.now())
        return f"Version {number} is back, as version {version.number}." if version else "Nothing to change."

    try:
        return _perform_and_redirect(request, verb, "playbook:versions")
    except PlaybookVersion.DoesNotExist as error:
        raise Http404 from error
