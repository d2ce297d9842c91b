"""The pages of canned answers: the list, the form of one, archiving and copying."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from inbox.canned_answers import editing
from inbox.canned_answers.editing import Outdated
from inbox.canned_answers.forms import CannedAnswerForm, with_another_text
from inbox.canned_answers.listing import ListFilterForm, list_page, list_uses
from inbox.canned_answers.rights import may_edit, place_of
from inbox.changes.refusals import Invalid
from inbox.models import CannedAnswer
from inbox.replies.placeholders import PLACEHOLDERS

_FORM_PAGE = "inbox/canned_answers/canned_answer.html"


@require_safe
@require_action("canned_answers")
def canned_answers(request: SignedInRequest) -> HttpResponse:
    """List the canned answers that the person can use."""
    form = ListFilterForm(request.GET)
    chosen = form.chosen
    page, rows = list_page(request.user, chosen, request.GET.get("page", ""))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "rows": rows,
        "page": page,
        "query": query.urlencode(),
        "is_filtered": any(chosen.values()),
        "archived": chosen["archived"],
    }
    return render(request, "inbox/canned_answers/canned_answers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("canned_answers")
def canned_answer_new(request: SignedInRequest) -> HttpResponse:
    """Show an empty form; posting it adds a canned answer."""
    return _show_or_save(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("canned_answers")
def canned_answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one canned answer; posting changes it.

    Who may only use it reads the same page and cannot post.
    """
    answer = _visible(request, pk)
    if request.method == "POST" and not may_edit(request.user, answer):
        raise Http404
    return _show_or_save(request, answer)


def _visible(request: SignedInRequest, pk: int) -> CannedAnswer:
    answers = CannedAnswer.objects.visible_to(request.user)
    return get_object_or_404(answers.select_related("department", "changed_by"), pk=min(pk, 2**62))


def _editable(request: SignedInRequest, pk: int) -> CannedAnswer:
    answer = _visible(request, pk)
    if not may_edit(request.user, answer):
        raise Http404
    return answer


def _show_or_save(request: SignedInRequest, answer: CannedAnswer | None) -> HttpResponse:
    is_posted, wants_row = request.method == "POST", "another" in request.POST
    data = with_another_text(request.POST) if wants_row else request.POST
    editable = answer is None or may_edit(request.user, answer)
    form = CannedAnswerForm(data if is_posted else None, answer, request.user, may_edit=editable)
    if is_posted and not wants_row and form.is_sound() and (saved := _save(request, answer, form)):
        messages.success(request, f"“{saved}” is saved. Type ;{saved.shortcut} in an answer to use it.")
        return redirect("inbox:canned_answer", saved.pk)
    is_refused = is_posted and not wants_row
    context: dict[str, Any] = {
        "form": form,
        "answer": answer,
        "place": place_of(answer) if answer else None,
        "may_edit": editable,
        "is_refused": is_refused,
        "uses": list_uses(answer) if answer else [],
        "signature": request.user.signature,
        "placeholders": PLACEHOLDERS.items(),
    }
    return render(request, _FORM_PAGE, context, status=422 if is_refused else 200)


def _save(
    request: SignedInRequest, answer: CannedAnswer | None, form: CannedAnswerForm
) -> CannedAnswer | None:
    """Save what was typed; None if it was refused, and the form says why."""
    version = form.cleaned_data["version"] or 0
    try:
        return editing.save_answer(
            answer, form.typed_answer, request.user, timezone.now(), seen_version=version
        )
    except Outdated as error:
        form.add_error(None, str(error))
        form.mark_as_seen(
            CannedAnswer.objects.values_list("version", flat=True).get(pk=answer.pk) if answer else 0
        )
    except Invalid as error:
        form.add_error("shortcut", str(error))
    return None


@require_POST
@require_action("canned_answers")
def canned_answer_archive(request: SignedInRequest, pk: int) -> HttpResponse:
    """Archive a canned answer, with an undo."""
    answer = _editable(request, pk)
    editing.archive_answer(answer, timezone.now())
    undo = reverse("inbox:canned_answer_restore", args=[answer.pk])
    done = f"“{answer}” is archived: nobody is offered it any more. Its counts are kept."
    messages.success(request, done, extra_tags=f"undo-page {undo}")
    return redirect("inbox:canned_answers")


@require_POST
@require_action("canned_answers")
def canned_answer_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    """Restore an archived canned answer."""
    answer = _editable(request, pk)
    try:
        editing.restore_answer(answer)
    except Invalid as error:
        messages.error(request, str(error))
        return redirect("inbox:canned_answer", answer.pk)
    messages.success(request, f"“{answer}” can be used again.")
    return redirect("inbox:canned_answers")


@require_POST
@require_action("canned_answers")
def canned_answer_duplicate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Copy a canned answer and show the copy."""
    copy = editing.duplicate_answer(_visible(request, pk), request.user, timezone.now())
    messages.success(request, f"This is the copy. Its shortcut is ;{copy.shortcut}.")
    return redirect("inbox:canned_answer", copy.pk)
