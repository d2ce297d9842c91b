"""Telling the customers of a learning item: preview and prepare; approve, withdraw and stop are acts of the item."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.guards import SignedInRequest, require_action
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.learning_items import rights, rounds
from inbox.learning_items.answer_text import clean_template
from inbox.models import LearningItem
from inbox.text import clean_text
from reports.dashboards.learning_items.answers import TypedRound, preview_context

#: Longer input is cut before it is looked at.
_LONGEST_INPUT = 5_000


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("reports")
def learning_item_answers(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for the text; a POST shows who would get it, or prepares the answers."""
    user, now = request.user, timezone.now()
    items = LearningItem.objects.select_related("department").filter(merged_into__isnull=True)
    item = items.filter(pk=min(pk, 2**62)).first()
    if item is None or not rights.may_prepare(user):
        raise Http404
    typed = _read_form(request)
    problem, status, previews = "", 200, request.method == "POST"
    if previews:
        try:
            rounds.require_tellable(item, clean_template(typed.text))
            if request.POST.get("step") == "prepare":
                per_hour = int(typed.per_hour) if typed.per_hour.isdigit() else 0
                rounds.prepare_round(
                    pk, user, typed.text, language=typed.language, per_hour=per_hour, now=now
                )
                messages.success(request, "Prepared. Nothing leaves before somebody else approves it.")
                return redirect(f"{reverse('reports:learning_item', args=[pk])}#answers")
        except Invalid as error:
            problem, status = str(error), 422
        except NotAllowed as error:
            problem, status = str(error), 403
    context = preview_context(user, item, typed, now) | {
        "item": item,
        "typed": typed,
        "problem": problem,
        "previews": previews and not problem,
    }
    return render(request, "reports/learning_items/answers.html", context, status=status)


def _read_form(request: SignedInRequest) -> TypedRound:
    form = request.POST
    per_hour = form.get("per_hour", "60").strip()
    return TypedRound(
        clean_text(form.get("text", "")[:_LONGEST_INPUT])[0].strip(),
        form.get("language", "").replace("\x00", "")[:8],
        per_hour if per_hour.isascii() and len(per_hour) < 6 else "",
    )
