"""Views for answers: send, cancel, settle, and store the draft."""

from __future__ import annotations

import datetime as dt
import uuid
from http import HTTPStatus
from typing import cast

from django.db.models import Q
from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox.changes.refusals import Invalid, NothingKept
from inbox.later.moments import parse_moment
from inbox.models import Case, Reply, ReplyState
from inbox.replies import composer, drafts, second_tries, verbs
from inbox.replies.answer_checks import LONGEST_INPUT, measure_within_reason
from inbox.replies.canned_uses import parse_ids
from inbox.replies.verbs import Settlement
from inbox.views.case_posts import (
    perform_and_show,
    perform_verb,
    posted_version,
    show_case_after,
    show_case_with_problem,
)
from inbox.views.guards import InboxRequest, signed_in
from wording.times import coming_time


@require_POST
@signed_in
def reply(request: InboxRequest, pk: int) -> HttpResponse:
    """Queue an answer.

    A refused text stays in the form and is stored as the draft.
    """
    text = request.POST.get("text", "")

    def verb(now: dt.datetime) -> object:
        try:
            composer_id = uuid.UUID(request.POST.get("composer_id", ""))
            parent = int(request.POST["parent"] or 0)
        except (ValueError, KeyError) as error:
            if text.strip():
                drafts.save_draft(pk, request.user, text, now)
            raise Invalid("The form was incomplete. Your text is still here: send it again.") from error
        planned_at = _posted_time(request, text, pk, now)
        canned_ids = parse_ids(request.POST.get("canned", ""))
        queued = verbs.queue_reply(
            pk,
            request.user,
            min(parent, 2**62),
            text,
            composer_id,
            posted_version(request) or 0,
            now=now,
            canned_ids=canned_ids,
            planned_at=planned_at,
            asks_approval=request.POST.get("asks_approval") == "1",
        )
        if queued.state == ReplyState.PENDING:
            done.append("Your answer waits for approval. You will be told; until then you can withdraw it.")
        elif queued.planned_at is not None:
            done.append(f"It goes out {coming_time(queued.planned_at, now)}. Until then you can change it.")
        return queued

    done: list[str] = []
    if (problem := perform_verb(request, "reply", verb)) is not None:
        return show_case_with_problem(request, pk, problem)
    words = done[0] if done else "Your answer is queued. You can still take it back (Z)."
    return show_case_after(request, pk, words, composer_too=True)


def _posted_time(request: InboxRequest, text: str, pk: int, now: dt.datetime) -> dt.datetime | None:
    """Return when the answer is to go out, None for at once.

    A refused one keeps its text as the draft.
    """
    chosen = request.POST.get("send_at", "")
    if not chosen:
        return None
    try:
        if chosen != "chosen":
            return parse_moment(chosen, "", "", now)
        return parse_moment("", request.POST.get("send_day", ""), request.POST.get("send_time", ""), now)
    except Invalid:
        if text.strip():
            drafts.save_draft(pk, request.user, text, now)
        raise


@require_POST
@signed_in
def draft(request: InboxRequest, pk: int) -> JsonResponse:
    """Store the draft; return its length on the network with the signature.

    The status is 410 if nothing more is stored in the case, 409 with the stored text if it is not the one that the page
    had shown.
    """
    text = request.POST.get("text", "")[: LONGEST_INPUT * 2]
    case = Case.objects.visible_to(request.user).only("network", "visibility").filter(pk=pk).first()
    if case is None:
        raise Http404
    try:
        canned = request.POST.get("canned")
        canned_ids = parse_ids(canned) if canned is not None else None
        base, page = request.POST.get("base"), request.POST.get("page", "")[:40]
        drafts.save_draft(pk, request.user, text, timezone.now(), canned_ids=canned_ids, base=base, page=page)
    except NothingKept:
        return JsonResponse({}, status=HTTPStatus.GONE)
    except drafts.WrittenElsewhere as elsewhere:
        return JsonResponse({"text": elsewhere.text}, status=HTTPStatus.CONFLICT)
    whole = composer.add_signature(text, request.user) if text.strip() else ""
    length = measure_within_reason(case.network, whole, case.visibility)
    return JsonResponse({"length": length})


@require_POST
@signed_in
def reply_cancel(request: InboxRequest, pk: int) -> HttpResponse:
    """Cancel an answer before it is sent."""
    case_id = case_id_of_reply(request, pk, own_too=True)
    return perform_and_show(
        request, case_id, "cancel", lambda now: verbs.cancel_reply(pk, request.user, now=now),
        "Taken back.", composer_too=True,
    )  # fmt: skip


@require_POST
@signed_in
def reply_try_again(request: InboxRequest, pk: int) -> HttpResponse:
    """Send a failed answer once more, as it is."""
    case_id = case_id_of_reply(request, pk)
    return perform_and_show(
        request, case_id, "try_again", lambda now: second_tries.try_again(pk, request.user, now=now),
        "Your answer is queued again. You can still take it back.", composer_too=True,
    )  # fmt: skip


@require_POST
@signed_in
def reply_settle(request: InboxRequest, pk: int) -> HttpResponse:
    """Settle an answer whose publication is uncertain."""
    case_id, decision = case_id_of_reply(request, pk), request.POST.get("decision", "")
    remote_id = request.POST.get("remote_id", "")

    def verb(now: dt.datetime) -> object:
        if decision not in ("sent", "again", "give_up"):
            raise Invalid("Say what you found on the network.")
        return verbs.settle_reply(pk, request.user, cast(Settlement, decision), now=now, remote_id=remote_id)

    return perform_and_show(request, case_id, "settle", verb, "Settled.")


def case_id_of_reply(request: InboxRequest, pk: int, *, own_too: bool = False) -> int:
    """Return the id of an answer's case.

    Raises `Http404` for an absent answer and also for one whose case the person may not read; with `own_too` not for
    their own answer.
    """
    readable = Q(case__in=Case.objects.visible_to(request.user))
    readable |= Q(author=request.user) if own_too else Q()
    case_id = Reply.objects.filter(readable, pk=pk).values_list("case_id", flat=True).first()
    if case_id is None:
        raise Http404
    return case_id
