"""Begin, compare, publish, update or discard the signed-in user's draft."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import User
from routing.models import RuleDraft
from routing.pages.requests import denied_as_404, form_view
from routing.refusals import RuleSetError
from routing.rule_editor.clashes import describe_clashes
from routing.rule_editor.forms import PublishDraftForm
from routing.rule_editor.requests import (
    DRAFT_NOTE,
    open_worksheet,
    redirect_to_rule_list,
    require_rule_editor,
)
from routing.rule_editor.worksheet import Worksheet
from routing.rules import drafts


@require_POST
@login_required
def draft_begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft unless there is one already."""
    with denied_as_404():
        drafts.begin_rule_draft(require_rule_editor(request), timezone.now())
    messages.success(request, "You are working on a draft. Nothing goes live until you publish it.")
    return redirect_to_rule_list()


@require_POST
@login_required
def draft_discard(request: HttpRequest) -> HttpResponse:
    """Discard the draft."""
    if drafts.discard_rule_draft(require_rule_editor(request)):
        request.session.pop(DRAFT_NOTE, None)
        messages.success(request, "The draft was discarded. The live rules have not changed.")
    return redirect_to_rule_list()


@form_view
@login_required
def draft_publish(request: HttpRequest) -> HttpResponse:
    """Show what publishing would change; posting publishes the draft.

    The page also shows what is wrong and what clashes.
    """
    worksheet = open_worksheet(request)
    if worksheet.draft is None:
        if request.method == "POST":
            messages.info(request, "There is no draft any more: it was published or discarded.")
        return redirect_to_rule_list()
    form = PublishDraftForm(request.POST or None, initial={"note": request.session.get(DRAFT_NOTE, "")})
    sides = _read_chosen_sides(request)
    if request.method != "POST" or not form.is_valid():
        return _render_publish_page(request, form, worksheet, worksheet.draft, sides)
    refusal_status = _publish_draft(request, form, worksheet.user, sides)
    if refusal_status is None:
        request.session.pop(DRAFT_NOTE, None)
        return redirect_to_rule_list()
    return _render_publish_page(request, form, worksheet, worksheet.draft, sides, refusal_status)


def _publish_draft(
    request: HttpRequest, form: PublishDraftForm, user: User, sides: Mapping[str, str]
) -> int | None:
    """Publish the draft and tell the user; return the status of refusals.

    None: published, or gone meanwhile. HTTP status 409: it clashes with what others published. 422: the rules are not
    valid. The form says why it was refused.
    """
    try:
        version = drafts.publish_rule_draft(user, form.cleaned_data["note"], timezone.now(), sides)
    except RuleDraft.DoesNotExist:
        return None
    except drafts.DraftClashError:
        form.add_error(
            None,
            "Others changed the same rules in the meantime. Choose below which version to keep. Nothing is lost.",
        )
        return 409
    except RuleSetError as error:
        form.add_error(None, str(error))
        return 422
    messages.success(
        request, f"Published as version {version.number}." if version else "There was nothing to publish."
    )
    return None


def _render_publish_page(
    request: HttpRequest,
    form: PublishDraftForm,
    worksheet: Worksheet,
    draft: RuleDraft,
    sides: dict[str, str],
    status: int = 200,
) -> HttpResponse:
    draft_status = drafts.draft_status(draft, sides)
    context = {
        "form": form,
        "standing": draft_status,
        "draft": draft,
        "clashes": describe_clashes(draft, draft_status.merged, worksheet.names),
        "errors": _findings_of_level(worksheet, "error"),
        "warnings": _findings_of_level(worksheet, "warning"),
        "chosen": sides,
    }
    return render(request, "routing/rule_editor/draft_publish.html", context, status=status)


def _findings_of_level(worksheet: Worksheet, level: str) -> list[tuple[str, str]]:
    """Return the findings of a level as (rule's name or "", text)."""
    names = {rule["key"]: rule["name"] for rule in worksheet.content["rules"]}
    return [
        (names.get(finding.rule, ""), finding.text)
        for finding in worksheet.findings()
        if finding.level == level
    ]


@require_POST
@login_required
def draft_update(request: HttpRequest) -> HttpResponse:
    """Merge into the draft what others published since it began."""
    user = require_rule_editor(request)
    try:
        drafts.rebase_rule_draft(user, timezone.now(), _read_chosen_sides(request))
    except RuleDraft.DoesNotExist:
        return redirect_to_rule_list()
    except drafts.DraftClashError:
        messages.error(request, "Others changed the same rules. Choose which version to keep.")
        return redirect("routing:draft_publish")
    messages.success(request, "Your draft now includes what others published.")
    return redirect_to_rule_list()


def _read_chosen_sides(request: HttpRequest) -> dict[str, str]:
    """Return the side to keep ("mine" or "theirs") for each clash."""
    return {
        name.removeprefix("choose-"): value
        for name, value in request.POST.items()
        if name.startswith("choose-") and value in ("mine", "theirs")
    }
