"""Editing the playbook: a draft, one question or outcome a form, then published. For administrators, and managers within
what their departments keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import SignedInRequest, require
from accounts.models import Department
from routing.models import Playbook, PlaybookVersion
from routing.playbook import edits
from routing.playbook import versions as playbooks
from routing.playbook.checks import problems
from routing.playbook.forms import OutcomeForm, QuestionEditor
from routing.playbook.history import difference
from routing.playbook.outline import outline
from routing.playbook.ownership import keys_of, owner_of
from routing.playbook.tree import tree_of
from routing.playbook.versions import NotYourPart, PlaybookError, Stale
from routing.playbook.views import department_names
from routing.scope import Scope, scope_of

form_view = require_http_methods(["GET", "HEAD", "POST"])


def _scope(request: SignedInRequest) -> Scope:
    """What the person may change. Raises `Http404` where that is nothing."""
    scope = scope_of(request.user)
    if scope.is_empty:
        raise Http404
    return scope


def _draft(request: SignedInRequest) -> Playbook:
    _scope(request)
    kept = playbooks.draft()
    if kept is None:
        raise Http404
    return kept


def _own(request: SignedInRequest, kept: Playbook, kind: str, slug: str) -> dict[str, Any]:
    """The question or outcome of the draft, which the person may change; {} for a new one. Raises `Http404`."""
    if not slug:
        return {}
    found = edits.find(kept.snapshot, kind, slug)
    if found is None or not _scope(request).covers(owner_of(found)):
        raise Http404
    return found


def _revision(request: SignedInRequest) -> int:
    given = request.POST.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def _do(request: SignedInRequest, verb: Callable[[], str], to: str = "playbook:draft") -> HttpResponse:
    """Runs one verb, says what happened or why not, and goes on to a page."""
    try:
        messages.success(request, verb())
    except PlaybookError as error:
        messages.error(request, str(error))
    return redirect(to)


@require_POST
@require("edit_playbook")
def begin(request: SignedInRequest) -> HttpResponse:
    """The draft, begun from what is live."""
    _scope(request)
    playbooks.begin(request.user, timezone.now())
    return redirect("playbook:draft")


@require_POST
@require("edit_playbook")
def starter(request: SignedInRequest) -> HttpResponse:
    """The starter playbook, while there is none: for administrators."""
    if not _scope(request).is_whole:
        raise Http404

    def verb() -> str:
        playbooks.install_starter(request.user, timezone.now())
        return "The starter playbook is live."

    return _do(request, verb, "playbook:page")


@require_safe
@require("edit_playbook")
def draft(request: SignedInRequest) -> HttpResponse:
    """The draft as an outline, what is wrong with it, and what publishing it would change."""
    kept, live, scope = _draft(request), playbooks.live(), _scope(request)
    tree, part = tree_of(kept.snapshot), playbooks.part_of(kept.snapshot, request.user)
    context = {
        "draft": kept,
        "version": live,
        "outline": outline(tree),
        "tree": tree,
        "questions": list(tree.questions.values()),
        "outcomes": list(tree.outcomes.values()),
        "problems": problems(part, dict(Department.objects.values_list("slug", "is_open"))),
        "lines": difference(live.snapshot if live else None, part),
        "of_others": difference(part, kept.snapshot),
        "my_questions": keys_of(kept.snapshot, "questions", scope.covers),
        "my_outcomes": keys_of(kept.snapshot, "outcomes", scope.covers),
        "may_choose_ends": scope.is_whole,
        "names": department_names(),
    }
    return render(request, "routing/playbook_draft.html", context)


@form_view
@require("edit_playbook")
def question(request: SignedInRequest, slug: str = "") -> HttpResponse:
    """One question with its answers; without a key a new one. Moving answers saves nothing yet."""
    kept = _draft(request)
    _own(request, kept, "questions", slug)
    key = slug or edits.new_key(kept.snapshot, "questions")
    data = request.POST if request.method == "POST" else None
    editor = QuestionEditor(kept.snapshot, key, kept.revision, data, scope=_scope(request))
    refused = False
    if data is not None and "do" not in data:
        answers = editor.content()
        if answers is not None:
            said = editor.form.cleaned_data
            words = (said["text"].strip(), said["help"].strip().replace("\r\n", "\n"))
            changed, made = edits.put_question(kept.snapshot, key, *words, answers, said["owner"])
            if _saved(request, editor.form, changed, kept):
                return _go_on(made)
        refused = True
    context = {
        "editor": editor,
        "slug": slug,
        "draft": kept,
        "refused": refused,
        "moved": bool(data) and not refused,
    }
    return render(request, "routing/playbook_question.html", context, status=422 if refused else 200)


def _saved(request: SignedInRequest, form: Any, changed: dict[str, Any], kept: Playbook) -> bool:
    """Store the change; where somebody was quicker, say so and let the next attempt count."""
    try:
        playbooks.change(changed, form.cleaned_data["revision"], request.user, timezone.now())
    except Stale as error:
        form.add_error(
            None, f"{error} What you typed is kept; saving again puts it into the draft as it is now."
        )
        form.data = form.data.copy()
        form.data["revision"] = str(kept.revision)
        return False
    except NotYourPart as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "Kept in the draft. It asks nobody anything until it is published.")
    return True


def _go_on(made: list[tuple[str, str]]) -> HttpResponse:
    """To what was made just now and has no words yet, else to the draft."""
    if not made:
        return redirect("playbook:draft")
    kind, key = made[0]
    return redirect("playbook:question" if kind == "questions" else "playbook:outcome", slug=key)


@form_view
@require("edit_playbook")
def outcome(request: SignedInRequest, slug: str = "") -> HttpResponse:
    """One outcome; without a key a new one."""
    kept = _draft(request)
    found = _own(request, kept, "outcomes", slug)
    key = slug or edits.new_key(kept.snapshot, "outcomes")
    initial = {**found, "revision": kept.revision}
    form = OutcomeForm(request.POST or None, initial=initial, scope=_scope(request))
    if request.method == "POST" and form.is_valid():
        changed = edits.put_outcome(kept.snapshot, form.content(key))
        if _saved(request, form, changed, kept):
            return redirect("playbook:draft")
    context = {"form": form, "slug": slug, "draft": kept, "refused": form.is_bound}
    return render(request, "routing/playbook_outcome.html", context, status=422 if form.is_bound else 200)


def _remove(request: SignedInRequest, kind: str, slug: str, words: str) -> HttpResponse:
    kept = _draft(request)
    found = _own(request, kept, kind, slug)

    def verb() -> str:
        changed = edits.remove(kept.snapshot, kind, slug)
        playbooks.change(changed, _revision(request), request.user, timezone.now())
        return f"{words} “{found.get('name') or found.get('text') or slug}” is removed from the draft."

    return _do(request, verb)


@require_POST
@require("edit_playbook")
def question_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """Answers that led to it lead nowhere until somebody says where."""
    return _remove(request, "questions", slug, "The question")


@require_POST
@require("edit_playbook")
def outcome_remove(request: SignedInRequest, slug: str) -> HttpResponse:
    """As `question_remove`."""
    return _remove(request, "outcomes", slug, "The outcome")


@require_POST
@require("edit_playbook")
def ends(request: SignedInRequest) -> HttpResponse:
    """Which question comes first, and which outcome is the default: for administrators."""
    kept = _draft(request)
    if not _scope(request).is_whole:
        raise Http404

    def verb() -> str:
        tree = tree_of(kept.snapshot)
        start, default = request.POST.get("start", ""), request.POST.get("default", "")
        if start not in tree.questions or default not in tree.outcomes:
            raise PlaybookError("Choose a question and an outcome that are there.")
        changed = edits.choose(kept.snapshot, start, default)
        playbooks.change(changed, _revision(request), request.user, timezone.now())
        return "Kept in the draft."

    return _do(request, verb)


@require_POST
@require("edit_playbook")
def publish(request: SignedInRequest) -> HttpResponse:
    """New cases begin with it at once; those that began with an older version keep it."""
    _scope(request)
    note = request.POST.get("note", "").replace("\x00", "").strip()

    def verb() -> str:
        version = playbooks.publish(request.user, note, _revision(request), timezone.now())
        return (
            f"Version {version.number} is live." if version else "Nothing has changed since the live version."
        )

    return _do(request, verb)


@require_POST
@require("edit_playbook")
def discard(request: SignedInRequest) -> HttpResponse:
    """What the person may change of the draft goes back to what is live."""
    _scope(request)

    def verb() -> str:
        playbooks.discard(_revision(request), request.user, timezone.now())
        return "The draft is discarded: what you may change of it is what is live."

    return _do(request, verb, "playbook:page")


@require_POST
@require("edit_playbook")
def restore(request: SignedInRequest, number: int) -> HttpResponse:
    """An older version, as a new one."""
    _scope(request)

    def verb() -> str:
        version = playbooks.restore(number, request.user, timezone.now())
        return f"Version {number} is back, as version {version.number}." if version else "Nothing to change."

    try:
        return _do(request, verb, "playbook:versions")
    except PlaybookVersion.DoesNotExist as error:
        raise Http404 from error
