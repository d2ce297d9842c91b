"""Editing the playbook: a draft, one question or outcome a form, then published. For administrators, and managers within
what their departments keep."""

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
    """What the person may change. Raises `Http404` where that is nothing."""
    scope = edit_scope_of(request.user)
    if scope.is_empty:
        raise Http404
    return scope


def _require_draft(request: SignedInRequest) -> Playbook:
    _require_scope(request)
    kept = versions.find_playbook_draft()
    if kept is None:
        raise Http404
    return kept


def _require_own_part(request: SignedInRequest, kept: Playbook, kind: str, slug: str) -> dict[str, Any]:
    """The question or outcome of the draft, which the person may change; {} for a new one. Raises `Http404`."""
    if not slug:
        return {}
    found = edits.find_part(kept.snapshot, kind, slug)
    if found is None or not _require_scope(request).covers(owner_of(found)):
        raise Http404
    return found


def _posted_revision(request: SignedInRequest) -> int:
    given = request.POST.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def _perform_and_redirect(
    request: SignedInRequest, verb: Callable[[], str], to: str = "playbook:draft"
) -> HttpResponse:
    """Runs one verb, says what happened or why not, and goes on to a page."""
    try:
        messages.success(request, verb())
    except PlaybookError as error:
        messages.error(request, str(error))
    return redirect(to)


@require_POST
@require_action("edit_playbook")
def playbook_draft_begin(request: SignedInRequest) -> HttpResponse:
    """The draft, begun from what is live."""
    _require_scope(request)
    versions.begin_playbook_draft(request.user, timezone.now())
    return redirect("playbook:draft")


@require_POST
@require_action("edit_playbook")
def playbook_starter_install(request: SignedInRequest) -> HttpResponse:
    """The starter playbook, while there is none: for administrators."""
    if not _require_scope(request).is_company_wide:
        raise Http404

    def verb() -> str:
        versions.install_starter_playbook(request.user, timezone.now())
        return "The starter playbook is live."

    return _perform_and_redirect(request, verb, "playbook:page")


@require_safe
@require_action("edit_playbook")
def playbook_draft(request: SignedInRequest) -> HttpResponse:
    """The draft as an outline, what is wrong with it, and what publishing it would change."""
    kept, live, scope = _require_draft(request), versions.live_playbook(), _require_scope(request)
    tree, part = parse_playbook(kept.snapshot), versions.live_with_own_part(kept.snapshot, request.user)
    context = {
        "draft": kept,
        "version": live,
        "outline": build_outline(tree),
        "tree": tree,
        "questions": list(tree.questions.values()),
        "outcomes": list(tree.outcomes.values()),
        "problems": check_playbook(part, dict(Department.objects.values_list("slug", "is_open"))),
        "lines": describe_playbook_changes(live.snapshot if live else None, part),
        "of_others": describe_playbook_changes(part, kept.snapshot),
        "my_questions": editable_keys(kept.snapshot, "questions", scope.covers),
        "my_outcomes": editable_keys(kept.snapshot, "outcomes", scope.covers),
        "may_choose_ends": scope.is_company_wide,
        "names": department_names(),
    }
    return render(request, "routing/playbook/playbook_draft.html", context)


@form_view
@require_action("edit_playbook")
def playbook_question_edit(request: SignedInRequest, slug: str = "") -> HttpResponse:
    """One question with its answers; without a key a new one. Moving answers saves nothing yet."""
    kept = _require_draft(request)
    _require_own_part(request, kept, "questions", slug)
    key = slug or edits.unused_key(kept.snapshot, "questions")
    data = request.POST if request.method == "POST" else None
    editor = QuestionEditor(kept.snapshot, key, kept.revision, data, scope=_require_scope(request))
    refused = False
    if data is not None and "do" not in data:
        answers = editor.content()
        if answers is not None:
            said = editor.form.cleaned_data
            words = (said["text"].strip(), said["help"].strip().replace("\r\n", "\n"))
            changed, made = edits.put_question(kept.snapshot, key, *words, answers, said["owner"])
            if _save_draft_change(request, editor.form, changed, kept):
                return _redirect_after_save(made)
        refused = True
    context = {
        "editor": editor,
        "slug": slug,
        "draft": kept,
        "refused": refused,
        "moved": bool(data) and not refused,
    }
    return render(request, "routing/playbook/playbook_question.html", context, status=422 if refused else 200)


def _save_draft_change(request: SignedInRequest, form: Any, changed: dict[str, Any], kept: Playbook) -> bool:
    """Store the change; where somebody was quicker, say so and let the next attempt count."""
    try:
        versions.save_playbook_draft(changed, form.cleaned_data["revision"], request.user, timezone.now())
    except StalePlaybookDraft as error:
        form.add_error(
            None, f"{error} What you typed is kept; saving again puts it into the draft as it is now."
        )
        form.data = form.data.copy()
        form.data["revision"] = str(kept.revision)
        return False
    except PlaybookEditNotPermitted as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "Kept in the draft. It asks nobody anything until it is published.")
    return True


def _redirect_after_save(made: list[tuple[str, str]]) -> HttpResponse:
    """To what was made just now and has no words yet, else to the draft."""
    if not made:
        return redirect("playbook:draft")
    kind, key = made[0]
    return redirect("playbook:question" if kind == "questions" else "playbook:outcome", slug=key)


@form_view
@require_action("edit_playbook")
def playbook_outcome_edit(request: SignedInRequest, slug: str = "") -> HttpResponse:
    """One outcome; without a key a new one."""
    kept = _require_draft(request)
    found = _require_own_part(request, kept, "outcomes", slug)
    key = slug or edits.unused_key(kept.snapshot, "outcomes")
    initial = {**found, "revision": kept.revision}
    form = OutcomeForm(request.POST or None, initial=initial, scope=_require_scope(request))
    if request.method == "POST" and form.is_valid():
        changed = edits.put_outcome(kept.snapshot, form.content(key))
        if _save_draft_change(request, form, changed, kept):
            return redirect("playbook:draft")
    context = {"form": form, "slug": slug, "draft": kept, "refused": form.is_bound}
    return render(
        request, "routing/playbook/playbook_outcome.html", context, status=422 if form.is_bound else 200
    )


def _remove_part(request: SignedInRequest, kind: str, slug: str, words: str) -> HttpResponse:
    kept = _require_draft(request)
    found = _require_own_part(request, kept, kind, slug)

    def verb() -> str:
        changed = edits.remove_part(kept.snapshot, kind, slug)
        versions.save_playbook_draft(changed, _posted_revision(request), request.user, timezone.now())
        return f"{words} “{found.get('name') or found.get('text') or slug}” is removed from the draft."

    return _perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_question_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """Answers that led to it lead nowhere until somebody says where."""
    return _remove_part(request, "questions", slug, "The question")


@require_POST
@require_action("edit_playbook")
def playbook_outcome_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """As `playbook_question_remove`."""
    return _remove_part(request, "outcomes", slug, "The outcome")


@require_POST
@require_action("edit_playbook")
def playbook_ends_choose(request: SignedInRequest) -> HttpResponse:
    """Which question comes first, and which outcome is the default: for administrators."""
    kept = _require_draft(request)
    if not _require_scope(request).is_company_wide:
        raise Http404

    def verb() -> str:
        tree = parse_playbook(kept.snapshot)
        start, default = request.POST.get("start", ""), request.POST.get("default", "")
        if start not in tree.questions or default not in tree.outcomes:
            raise PlaybookError("Choose a question and an outcome that are there.")
        changed = edits.choose_ends(kept.snapshot, start, default)
        versions.save_playbook_draft(changed, _posted_revision(request), request.user, timezone.now())
        return "Kept in the draft."

    return _perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_publish(request: SignedInRequest) -> HttpResponse:
    """New cases begin with it at once; those that began with an older version keep it."""
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
    """What the person may change of the draft goes back to what is live."""
    _require_scope(request)

    def verb() -> str:
        versions.discard_playbook_draft(_posted_revision(request), request.user, timezone.now())
        return "The draft is discarded: what you may change of it is what is live."

    return _perform_and_redirect(request, verb, "playbook:page")


@require_POST
@require_action("edit_playbook")
def playbook_version_restore(request: SignedInRequest, number: int) -> HttpResponse:
    """An older version, as a new one."""
    _require_scope(request)

    def verb() -> str:
        version = versions.restore_playbook_version(number, request.user, timezone.now())
        return f"Version {number} is back, as version {version.number}." if version else "Nothing to change."

    try:
        return _perform_and_redirect(request, verb, "playbook:versions")
    except PlaybookVersion.DoesNotExist as error:
        raise Http404 from error
