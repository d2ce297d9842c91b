"""The list of canned answers: what a person may use, filtered, with how often it was used."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Exists, Max, OuterRef, Subquery, Sum

from accounts.models import User
from inbox.canned_answers.lengths import measure_on_networks
from inbox.canned_answers.offering import clean_query, filter_by_words
from inbox.canned_answers.rights import may_edit, place_of
from inbox.models import CannedAnswer, CannedText, CannedUse
from inbox.models.canned_answer import CannedAnswerQuerySet
from networks.registry import network_choices, network_label
from routing.conditions.sentences import language_name
from routing.rule_editor.choices import LANGUAGES

PAGE_LENGTH = 50
#: Months that the page of a canned answer lists.
MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class ListRow:
    """A canned answer as its row shows it."""

    answer: CannedAnswer
    place: str
    languages: list[str]
    networks: list[str]
    text: str
    too_long_for: list[str]
    uses: int
    last_used_at: dt.datetime | None
    may_edit: bool


class ListFilterForm(forms.Form):
    """The filters of the list, in its address."""

    q = forms.CharField(required=False, max_length=100, label="Search")
    scope = forms.ChoiceField(required=False, label="Who can use it")
    language = forms.ChoiceField(required=False)
    network = forms.ChoiceField(required=False)
    archived = forms.BooleanField(required=False, label="Archived ones")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self._offer(
            "scope", "Anybody", [("person", "Only me"), ("department", "Departments"), ("company", "Everybody")]
        )  # fmt: skip
        self._offer("language", "Any language", [(code, language_name(code)) for code in LANGUAGES])
        self._offer("network", "Any network", network_choices())

    def _offer(self, name: str, nothing: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", nothing), *choices]

    @property
    def chosen(self) -> dict[str, Any]:
        """Return the choices; a value that is not offered counts as none."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


def filter_answers(user: User, chosen: dict[str, Any]) -> CannedAnswerQuerySet:
    """Return the canned answers that the filters choose, by title."""
    answers = CannedAnswer.objects.visible_to(user).filter(archived_at__isnull=not chosen["archived"])
    answers = filter_by_words(answers, clean_query(chosen["q"]))
    if chosen["scope"]:
        answers = answers.filter(scope=chosen["scope"])
    if chosen["language"]:
        texts = CannedText.objects.filter(answer=OuterRef("pk"), language=chosen["language"])
        answers = answers.filter(Exists(texts))
    if chosen["network"]:
        texts = CannedText.objects.filter(answer=OuterRef("pk"), network=chosen["network"])
        answers = answers.filter(Exists(texts))
    return answers.order_by("title", "pk")


def list_page(user: User, chosen: dict[str, Any], number: str) -> tuple[Page[Any], list[ListRow]]:
    """Return one page of the list. Three statements."""
    uses = CannedUse.objects.filter(answer=OuterRef("pk")).order_by().values("answer")
    answers = (
        filter_answers(user, chosen)
        .annotate(
            all_uses=Subquery(uses.annotate(total=Sum("count")).values("total")),
            last_used_at=Subquery(uses.annotate(last=Max("last_used_at")).values("last")),
        )
        .select_related("department")
        .prefetch_related("texts")
    )
    page = Paginator(answers, PAGE_LENGTH).get_page(number)
    return page, [_build_row(answer, user) for answer in page]


def _build_row(answer: Any, user: User) -> ListRow:
    texts = sorted(answer.texts.all(), key=lambda each: (each.language != "en", each.language, each.network))
    too_long = {
        measured.limit.label
        for each in texts
        for measured in measure_on_networks(each.text, each.network, user)
        if measured.is_over and not _has_own_text(texts, each, measured.limit.network)
    }
    return ListRow(
        answer,
        place_of(answer).label,
        list(dict.fromkeys(language_name(each.language) for each in texts)),
        list(dict.fromkeys(network_label(each.network) for each in texts if each.network)),
        texts[0].text if texts else "",
        sorted(too_long),
        answer.all_uses or 0,
        answer.last_used_at,
        may_edit(user, answer),
    )


def _has_own_text(texts: list[CannedText], text: CannedText, network: str) -> bool:
    """Return whether a network has its own text in that language."""
    return not text.network and any(
        each.network == network and each.language == text.language for each in texts
    )


def list_uses(answer: CannedAnswer) -> list[dict[str, Any]]:
    """Return how often a canned answer was sent, by month.

    The last `MOST_MONTHS` with any, newest first.
    """
    uses = CannedUse.objects.filter(answer=answer).values("month").order_by("-month")
    rows = uses.annotate(total=Sum("count"), last=Max("last_used_at"))[:MOST_MONTHS]
    return [dict(row) for row in rows]
