"""Telling the customers of a learning item, formatted: who is told, who is not and why, and how far it is."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from accounts.models import User
from inbox.cases.reading_words import language_name
from inbox.learning_items import rights
from inbox.learning_items.answer_text import fill_template
from inbox.learning_items.recipients import Recipient, list_recipients
from inbox.models import AnswerRound, AnswerState, Case, LearningItem, PlannedAnswer, ReplyState, RoundState
from inbox.replies.composer import add_signature, max_reply_length
from networks.registry import network_label
from wording.numbers import format_count
from wording.times import optional_relative_time, relative_time

#: Rows of a list on the page, and texts that an approver reads.
MOST_ROWS, MOST_SAMPLES = 50, 3


@dataclass(frozen=True, slots=True)
class TypedRound:
    """Hold what somebody typed into the form of a round."""

    text: str = ""
    language: str = ""
    per_hour: str = "60"


def preview_context(user: User, item: LearningItem, typed: TypedRound, now: dt.datetime) -> dict[str, Any]:
    """Build what a page says of a text before anybody prepares it."""
    recipients = list_recipients(item, user, typed.text, typed.language, now=now)
    answered = [each for each in recipients if not each.reason]
    left_out = [each for each in recipients if each.reason]
    return {
        "told": [_told_row(each) for each in answered[:MOST_ROWS]],
        "told_count": len(answered),
        "told_words": format_count(len(answered), "customer"),
        "more_told": max(len(answered) - MOST_ROWS, 0),
        "reasons": _count_reasons(left_out),
        "networks": _network_rows(recipients),
        "languages": _language_options(recipients),
    }


def round_context(user: User, item: LearningItem, now: dt.datetime) -> dict[str, Any] | None:
    """Return the newest round of an item in words, None without one. Three statements."""
    rounds = AnswerRound.objects.filter(item=item).select_related("item", "prepared_by", "approved_by")
    answer_round = rounds.order_by("-pk").first()
    if answer_round is None:
        return None
    counts = _count_answers(answer_round)
    is_theirs = answer_round.prepared_by_id == user.pk or rights.may_manage(user, item)
    done = counts["sent"] + counts["outbox"] + counts["not_sent"] + counts["refused"]
    return {
        "round": answer_round,
        "state": answer_round.get_state_display(),
        "prepared": relative_time(answer_round.prepared_at, now),
        "approved": optional_relative_time(answer_round.approved_at, now),
        "language": language_name(answer_round.language) if answer_round.language else "",
        "counts": counts,
        "total": counts["total"],
        "done": done,
        "samples": _samples(user, answer_round, item),
        "work": _work(user, answer_round),
        "may_approve": answer_round.state == RoundState.PREPARED and rights.may_approve(user, answer_round),
        "may_withdraw": answer_round.state == RoundState.PREPARED and is_theirs,
        "may_stop": answer_round.state == RoundState.SENDING and is_theirs,
        "is_own": answer_round.prepared_by_id == user.pk,
    }


def _count_answers(answer_round: AnswerRound) -> dict[str, int]:
    """Count the answers of a round by what became of them."""
    queued, failed = Q(state=AnswerState.QUEUED), (ReplyState.FAILED, ReplyState.UNCONFIRMED)
    waiting = (ReplyState.PENDING, ReplyState.QUEUED, ReplyState.SENDING)
    return PlannedAnswer.objects.filter(round=answer_round).aggregate(
        total=Count("pk"),
        planned=Count("pk", filter=Q(state=AnswerState.PLANNED)),
        outbox=Count("pk", filter=queued & Q(reply__state__in=waiting)),
        sent=Count("pk", filter=queued & Q(reply__state=ReplyState.SENT)),
        not_sent=Count("pk", filter=queued & Q(reply__state__in=failed)),
        refused=Count("pk", filter=Q(state=AnswerState.REFUSED)),
        stopped=Count(
            "pk", filter=Q(state=AnswerState.STOPPED) | queued & Q(reply__state=ReplyState.CANCELLED)
        ),
    )


def _samples(user: User, answer_round: AnswerRound, item: LearningItem) -> list[dict[str, Any]]:
    """Return the texts for some customers whose cases one may read."""
    answers = PlannedAnswer.objects.filter(round=answer_round, case__in=Case.objects.visible_to(user))
    answers = answers.select_related("case__identity").order_by("pk")[:MOST_SAMPLES]
    return [
        {
            "case": answer.case_id,
            "who": answer.case.identity.display_name,
            "text": add_signature(
                fill_template(answer_round.text, answer.case.identity, item.what_changed),
                answer_round.prepared_by,
            ),
        }
        for answer in answers
    ]


def _work(user: User, answer_round: AnswerRound) -> list[dict[str, Any]]:
    """Return what did not go out and waits for a person."""
    failed = Q(state=AnswerState.QUEUED, reply__state__in=(ReplyState.FAILED, ReplyState.UNCONFIRMED))
    answers = PlannedAnswer.objects.filter(round=answer_round, case__in=Case.objects.visible_to(user))
    answers = answers.filter(failed | Q(state=AnswerState.REFUSED)).select_related("case__identity", "reply")
    return [
        {
            "case": answer.case_id,
            "who": answer.case.identity.display_name,
            "why": answer.reply.error if answer.reply else answer.reason,
        }
        for answer in answers.order_by("pk")[:MOST_ROWS]
    ]


def _told_row(recipient: Recipient) -> dict[str, Any]:
    case = recipient.case
    return {
        "case": case.pk,
        "who": case.identity.display_name,
        "network": network_label(case.network),
        "account": case.brand_account.display_name,
        "visibility": case.get_visibility_display(),
        "language": language_name(recipient.language) if recipient.language else "language unknown",
        "text": recipient.text,
    }


def _count_reasons(left_out: list[Recipient]) -> list[dict[str, Any]]:
    """Count why customers are not told, with the cases one may read."""
    counts = Counter(each.reason for each in left_out)
    return [
        {
            "reason": reason,
            "count": count,
            "cases": [each.case.pk for each in left_out if each.reason == reason and each.readable][
                :MOST_ROWS
            ],
        }
        for reason, count in counts.most_common()
    ]


def _network_rows(recipients: list[Recipient]) -> list[dict[str, Any]]:
    """Return the longest answer of each network beside its limit."""
    longest: dict[tuple[str, str], int] = {}
    for each in recipients:
        if each.text:
            kind = each.case.network, each.case.visibility
            longest[kind] = max(longest.get(kind, 0), each.length)
    return [
        {
            "network": network_label(network),
            "visibility": visibility,
            "length": f"{length:,}",
            "most": f"{max_reply_length(network, visibility):,}",
            "too_long": length > max_reply_length(network, visibility),
        }
        for (network, visibility), length in sorted(longest.items())
    ]


def _language_options(recipients: list[Recipient]) -> list[tuple[str, str]]:
    """Return the customers' languages, the most frequent first."""
    counts = Counter(each.language for each in recipients if each.readable and each.language)
    return [(code, f"{language_name(code)} ({count:,})") for code, count in counts.most_common()]
