"""The playbook on a case's page: each view is one verb of `inbox.cases.playbook`."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox.case_page.page import allowed_actions, read_case
from inbox.case_page.playbook import build_playbook_panel
from inbox.cases import playbook
from inbox.models import Case
from inbox.replies import drafts
from inbox.views.case_posts import perform_and_show, posted_version, show_case_after
from inbox.views.guards import InboxRequest, signed_in
from inbox.visibility import list_departments


@require_POST
@signed_in
def playbook_answer(request: InboxRequest, pk: int) -> HttpResponse:
    """Answer the next question."""
    question, key = request.POST.get("question", ""), request.POST.get("answer", "")
    return perform_and_show(
        request,
        pk,
        "playbook",
        lambda now: playbook.answer_playbook(pk, request.user, question, key, now=now),
        "",
    )


@require_POST
@signed_in
def playbook_back(request: InboxRequest, pk: int) -> HttpResponse:
    """Go one step back."""
    question = request.POST.get("question", "")
    return perform_and_show(
        request,
        pk,
        "playbook",
        lambda now: playbook.take_back_playbook_answer(pk, request.user, question, now=now),
        "",
    )


@require_POST
@signed_in
def escalate(request: InboxRequest, pk: int) -> HttpResponse:
    """Raise the priority by one step."""
    seen = posted_version(request)
    return perform_and_show(
        request,
        pk,
        "escalate",
        lambda now: playbook.raise_priority(pk, request.user, version=seen, now=now),
        "The priority is raised.",
    )


@require_POST
@signed_in
def begin_answer(request: InboxRequest, pk: int) -> HttpResponse:
    """Put the outcome's suggested answer into the composer.

    Not if the composer already has text.
    """
    now = timezone.now()
    try:
        case = read_case(request.user, pk, now)
    except Case.DoesNotExist as error:
        raise Http404 from error
    offered = allowed_actions(request.user, case)
    panel = build_playbook_panel(case, offered, list_departments(request.user), now)
    draft_text = str(getattr(case, "draft_text", None) or "")
    text = panel.doing.text if panel and panel.doing.verb in ("answer", "escalate", "hand_over") else ""
    if text and not draft_text.strip() and offered["publish"]:
        drafts.save_draft(pk, request.user, text, now)
    return show_case_after(request, pk, "", composer_too=True)
