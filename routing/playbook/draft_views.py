"""Pages for the whole draft of the playbook: begin, view, publish, discard, and restore a version.

Administrators may use them, and managers for the parts that their departments own.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from accounts.models import Department
from routing.models import PlaybookVersion
from routing.playbook import edits, versions
from routing.playbook.checks import check_playbook
from routing.playbook.history import describe_playbook_changes
from routing.playbook.outline import build_outline
from routing.playbook.ownership import editable_keys, owns_something
from routing.playbook.requests import (
    perform_and_redirect,
    posted_revision,
    require_draft,
    require_scope,
)
from routing.playbook.tree import parse_playbook
from routing.playbook.versions import PlaybookError
from routing.playbook.views import department_names


@require_POST
@require_action("edit_playbook")
def playbook_draft_begin(request: SignedInRequest) -> HttpResponse:
    """Begin a draft as a copy of the live playbook; keep an existing one."""
    require_scope(request)
    versions.begin_playbook_draft(request.user, timezone.now())
    return redirect("playbook:draft")


@require_POST
@require_action("edit_playbook")
def playbook_starter_install(request: SignedInRequest) -> HttpResponse:
    """Install the starter playbook while there is no playbook; for administrators."""
    if not require_scope(request).is_company_wide:
        raise Http404

    def verb() -> str:
        versions.install_starter_playbook(request.user, timezone.now())
        return "The starter playbook is live."

    return perform_and_redirect(request, verb, "playbook:page")


@require_safe
@require_action("edit_playbook")
def playbook_draft(request: SignedInRequest) -> HttpResponse:
    """Show the draft, its problems, and the changes that publishing would make."""
    draft, live, scope = require_draft(request), versions.live_playbook(), require_scope(request)
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
        "owns_something": owns_something(draft.snapshot, scope.covers),
        "names": department_names(),
    }
    return render(request, "routing/playbook/playbook_draft.html", context)


@require_POST
@require_action("edit_playbook")
def playbook_ends_choose(request: SignedInRequest) -> HttpResponse:
    """Choose the first question and the default outcome; for administrators."""
    draft = require_draft(request)
    if not require_scope(request).is_company_wide:
        raise Http404

    def verb() -> str:
        tree = parse_playbook(draft.snapshot)
        start, default = request.POST.get("start", ""), request.POST.get("default", "")
        if start not in tree.questions or default not in tree.outcomes:
            raise PlaybookError("Choose a question and an outcome that are there.")
        snapshot = edits.choose_ends(draft.snapshot, start, default)
        versions.save_playbook_draft(snapshot, posted_revision(request), request.user, timezone.now())
        return "Saved to the draft."

    return perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_publish(request: SignedInRequest) -> HttpResponse:
    """Publish the user's own part of the draft.

    New cases begin with the new version at once; cases that began with an older version keep it.
    """
    require_scope(request)
    note = request.POST.get("note", "").replace("\x00", "").strip()

    def verb() -> str:
        version = versions.publish_playbook(request.user, note, posted_revision(request), timezone.now())
        return (
            f"Version {version.number} is live." if version else "Nothing has changed since the live version."
        )

    return perform_and_redirect(request, verb)


@require_POST
@require_action("edit_playbook")
def playbook_draft_discard(request: SignedInRequest) -> HttpResponse:
    """Reset the user's own part of the draft to the live version."""
    require_scope(request)

    def verb() -> str:
        versions.discard_playbook_draft(posted_revision(request), request.user, timezone.now())
        return "The draft is discarded: what you may change of it is what is live."

    return perform_and_redirect(request, verb, "playbook:page")


@require_POST
@require_action("edit_playbook")
def playbook_version_restore(request: SignedInRequest, number: int) -> HttpResponse:
    """Publish an older version again, as a new one."""
    require_scope(request)

    def verb() -> str:
        version = versions.restore_playbook_version(number, request.user, timezone.now())
        return f"Version {number} is back, as version {version.number}." if version else "Nothing to change."

    try:
        return perform_and_redirect(request, verb, "playbook:versions")
    except PlaybookVersion.DoesNotExist as error:
        raise Http404 from error
