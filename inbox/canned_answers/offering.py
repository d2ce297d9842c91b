"""Canned answers for one case: found by words, ranked, in the fitting language, with their placeholders filled."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.working_time.presence import local_date
from inbox.canned_answers.rights import place_of
from inbox.models import CannedAnswer, CannedText, CannedUse, Case, Direction, Message
from inbox.models.canned_answer import CannedAnswerQuerySet
from inbox.replies.answer_checks import measure_within_reason
from inbox.replies.composer import add_signature, max_reply_length
from inbox.replies.placeholders import ORDER, fill_placeholders, find_placeholders
from inbox.text import clean_text
from routing.conditions.sentences import language_name

#: Canned answers that are looked through for one query, the most used first.
_MOST_READ = 300
_LONGEST_QUERY = 100
_LONGEST_VALUE = 60
#: How far back uses count for the order, in days.
_RECENT_DAYS = 92
#: What is not shown of a text, but would turn or break the sentence around a customer's name.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


@dataclass(frozen=True, slots=True)
class OfferedAnswer:
    """A canned answer as it can be put into the answer of a case.

    `text` holds the placeholder of the order number as long as nobody has said it. `length` counts the signature.
    """

    answer: CannedAnswer
    text: str
    language: str
    asks_for_order: bool
    length: int
    max_length: int
    uses: int
    languages: list[str] = field(default_factory=list)

    @property
    def is_too_long(self) -> bool:
        return self.length > self.max_length

    @property
    def about(self) -> str:
        """Its languages, whose it is, and what it asks for, in a line."""
        place = place_of(self.answer)
        owner = {"me": "yours", "company": "everybody"}.get(place.key, place.label)
        asks = " · asks for the order number" if self.asks_for_order else ""
        return f"{', '.join(self.languages)} · {owner}{asks}"


def offer_answers(
    case: Case, user: User, query: str, now: dt.datetime, *, most: int = 8
) -> list[OfferedAnswer]:
    """Return the canned answers that fit a query, the best first.

    A shortcut comes before a title, a title before a text; then the language of the case, its network, its department,
    and how often the person used it. At most `most`. Three statements.
    """
    query = clean_query(query)
    answers = list(_find_answers(user, query, now, _language_of(case))[:_MOST_READ])
    ranked = sorted(answers, key=lambda answer: _rank(answer, case, query))
    return [_offer(answer, case, user) for answer in ranked[:most]]


def find_offered(case: Case, user: User, answer_id: int, now: dt.datetime) -> OfferedAnswer | None:
    """Return one canned answer, ready for the answer of a case.

    None for an absent, archived or foreign one.
    """
    answers = _find_answers(user, "", now, _language_of(case)).filter(pk=answer_id)
    return next((_offer(answer, case, user) for answer in answers), None)


def fill_order(text: str, order: str) -> str:
    """Return the text with an order number that somebody typed."""
    return fill_placeholders(text, {ORDER: _one_line(order)})


def clean_query(query: str) -> str:
    """Return what is searched for, as it is compared."""
    return " ".join(clean_text(query)[0].lower().lstrip("; ").split())[:_LONGEST_QUERY]


def filter_by_words(answers: CannedAnswerQuerySet, query: str) -> CannedAnswerQuerySet:
    """Return the canned answers that hold every word of a query.

    In shortcut, title or texts.
    """
    for word in query.split():
        texts = CannedText.objects.filter(answer=OuterRef("pk"), text__icontains=word)
        answers = answers.filter(Q(shortcut__icontains=word) | Q(title__icontains=word) | Exists(texts))
    return answers


def _language_of(case: Case) -> Subquery:
    """Return the language of what the customer wrote last."""
    inbound = Message.objects.filter(case=case, direction=Direction.INBOUND).exclude(language="")
    return Subquery(inbound.order_by("-network_time", "-id").values("language")[:1])


def _find_answers(user: User, query: str, now: dt.datetime, language: Subquery) -> CannedAnswerQuerySet:
    since = local_date(now) - dt.timedelta(days=_RECENT_DAYS)
    uses = CannedUse.objects.filter(answer=OuterRef("pk"), month__gte=since)
    answers = CannedAnswer.objects.visible_to(user).filter(archived_at__isnull=True)
    return (
        filter_by_words(answers, query)
        .annotate(
            case_language=Coalesce(language, Value("")),
            recent_uses=Coalesce(_total(uses), 0),
            own_uses=Coalesce(_total(uses.filter(user=user)), 0),
        )
        .select_related("department")
        .prefetch_related("texts")
        .order_by("-own_uses", "-recent_uses", "title", "pk")
    )


def _total(uses: Any) -> Subquery:
    return Subquery(uses.order_by().values("answer").annotate(total=Sum("count")).values("total"))


def _rank(answer: Any, case: Case, query: str) -> tuple[Any, ...]:
    languages = {text.language for text in answer.texts.all()}
    networks = {text.network for text in answer.texts.all()}
    return (
        _match(answer, query),
        answer.case_language not in languages,
        case.network not in networks,
        _distance(answer, case),
        -answer.own_uses,
        -answer.recent_uses,
        answer.title.lower(),
        answer.pk,
    )


def _match(answer: CannedAnswer, query: str) -> int:
    """Return where a query was found, 0 for the best place."""
    title = answer.title.lower()
    if not query or answer.shortcut == query:
        return 0
    if answer.shortcut.startswith(query):
        return 1
    if title.startswith(query) or f" {query}" in title:
        return 2
    return 3 if query in answer.shortcut or query in title else 4


def _distance(answer: CannedAnswer, case: Case) -> int:
    """Return how far an answer is from the case's department."""
    if answer.department_id == case.department_id or answer.owner_id is not None:
        return 0
    return 1 if answer.department_id is None else 2


def _offer(answer: Any, case: Case, user: User) -> OfferedAnswer:
    texts = list(answer.texts.all())
    best = _choose_text(texts, answer.case_language, case.network)
    text = fill_placeholders(best.text, placeholder_values(case, user))
    whole = add_signature(text, user)
    return OfferedAnswer(
        answer=answer,
        text=text,
        language=best.language,
        asks_for_order=ORDER in find_placeholders(best.text),
        length=measure_within_reason(case.network, whole, case.visibility),
        max_length=max_reply_length(case.network, case.visibility),
        uses=answer.recent_uses,
        languages=[language_name(code) for code in sorted({each.language for each in texts})],
    )


def _choose_text(texts: Iterable[CannedText], language: str, network: str) -> CannedText:
    """Return the text in the language of the case.

    Else in English, else in any.

    Of two in one language that of the network; one of another network only where there is nothing else.
    """
    return min(
        texts,
        key=lambda text: (
            text.network not in ("", network),
            text.language != language,
            text.language != "en",
            text.network == "",
            text.language,
        ),
    )


def placeholder_values(case: Case, user: User) -> dict[str, str]:
    """Return the values of placeholders for a case, without the order number."""
    identity, brand = case.identity, case.brand_account
    return {
        "customer": _one_line(identity.name or identity.display_name),
        "me": _one_line(user.first_name or str(user)),
        "brand": _one_line(brand.name or brand.display_name),
    }


def _one_line(value: str) -> str:
    return " ".join(_UNSEEN.sub(" ", value).split())[:_LONGEST_VALUE]
