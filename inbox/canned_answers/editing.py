"""Change canned answers. What others use as well is in the audit log, with what it was before."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, User
from inbox.canned_answers.rights import ONLY_ME, CannedPlace, editable_places, may_edit, place_of
from inbox.changes.refusals import Invalid
from inbox.models import CannedAnswer, CannedScope, CannedText
from inbox.replies.placeholders import describe_wrong_placeholder, write_placeholders
from networks.registry import network_label
from routing.conditions.sentences import language_name

LONGEST_TITLE, LONGEST_SHORTCUT, LONGEST_TEXT = 120, 40, 10_000
#: Texts of one canned answer: languages times networks.
MOST_TEXTS = 40
SHORTCUT = re.compile(r"[^\W_]+(-[^\W_]+)*")


class Outdated(Invalid):
    """Somebody else changed the canned answer in the meantime; nothing was saved."""


@dataclass(frozen=True, slots=True)
class TypedText:
    """A text in one language, of all networks or of one."""

    language: str
    network: str
    text: str


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """A canned answer as somebody typed it, or as it stands in a file."""

    title: str
    shortcut: str
    place: CannedPlace
    texts: Sequence[TypedText]


def find_problems(typed: TypedAnswer) -> list[str]:
    """Return what is wrong with a canned answer, as sentences.

    Whether its shortcut is taken shows only when it is saved.
    """
    problems = [_shortcut_problem(typed.shortcut), _texts_problem(typed.texts)]
    for each in typed.texts:
        if wrong := describe_wrong_placeholder(each.text):
            problems.append(f"{_describe_text(each)}: {wrong}")
        if len(each.text) > LONGEST_TEXT:
            problems.append(f"{_describe_text(each)} has more than {LONGEST_TEXT:,} characters.")
    if not typed.title.strip():
        problems.append("Give it a title: that is how others find it.")
    return [problem for problem in problems if problem]


def _shortcut_problem(shortcut: str) -> str:
    if SHORTCUT.fullmatch(shortcut) and len(shortcut) <= LONGEST_SHORTCUT:
        return ""
    return (
        f"A shortcut has letters and digits, with hyphens between them, at most {LONGEST_SHORTCUT}: "
        "for example refund-sent."
    )


def _texts_problem(texts: Sequence[TypedText]) -> str:
    if not texts:
        return "Write a text in at least one language."
    if len(texts) > MOST_TEXTS:
        return f"A canned answer has at most {MOST_TEXTS} texts."
    places = [(each.language, each.network) for each in texts]
    if double := next((each for each in texts if places.count((each.language, each.network)) > 1), None):
        return f"There are two texts for {_describe_text(double)}. Keep one of them."
    lonely = next((each for each in texts if each.network and (each.language, "") not in places), None)
    if lonely:
        name = language_name(lonely.language)
        return f"Write a text in {name} for all networks, too: the one for {network_label(lonely.network)} goes before it."
    return ""


def _describe_text(text: TypedText) -> str:
    network = f" for {network_label(text.network)}" if text.network else ""
    return f"{language_name(text.language)}{network}"


def clean_shortcut(text: str) -> str:
    """Return a shortcut as it is stored: without its semicolon, in lower case."""
    return text.strip().lstrip(";").strip().lower()


def save_answer(
    answer: CannedAnswer | None, typed: TypedAnswer, by: User, now: dt.datetime, *, seen_version: int = 0
) -> CannedAnswer:
    """Add a canned answer, or change one.

    Raises `Invalid` with a sentence, and `Outdated` if it has another version than `seen_version` by now.
    """
    if problems := find_problems(typed):
        raise Invalid(problems[0])
    try:
        with transaction.atomic():
            return _save(answer, typed, by, now, seen_version)
    except IntegrityError as error:
        holder = {"me": "You have", "company": "The company has"}.get(
            typed.place.key, f"{typed.place.label} has"
        )
        raise Invalid(
            f"{holder} another canned answer with the shortcut ;{typed.shortcut}. Choose another one."
        ) from error


def _save(
    answer: CannedAnswer | None, typed: TypedAnswer, by: User, now: dt.datetime, seen_version: int
) -> CannedAnswer:
    before: dict[str, object] = {}
    departments = set()
    if answer is not None:
        answer = CannedAnswer.objects.select_for_update().get(pk=answer.pk)
        if seen_version != answer.version:
            raise Outdated(
                f"{answer.changed_by or 'Somebody'} changed this canned answer in the meantime. What you typed is kept: compare "
                "it with what is stored, and save again to put yours in its place."
            )
        before, departments = describe_answer(answer), {answer.department_id}
    is_new = answer is None
    answer = answer or CannedAnswer(created_at=now)
    answer.title, answer.shortcut = typed.title.strip(), typed.shortcut
    answer.scope, answer.department = typed.place.scope, typed.place.department
    answer.owner = by if typed.place.scope == CannedScope.PERSON else None
    answer.changed_at, answer.changed_by = now, by
    answer.version += 0 if is_new else 1
    answer.save()
    answer.texts.all().delete()
    CannedText.objects.bulk_create(
        CannedText(
            answer=answer,
            language=each.language,
            network=each.network,
            text=write_placeholders(each.text.strip()),
        )
        for each in typed.texts
    )
    changes = compare_values(before, describe_answer(answer))
    if changes:
        verb = AuditVerb.CANNED_ANSWER_ADDED if is_new else AuditVerb.CANNED_ANSWER_CHANGED
        _record(verb, answer, changes, departments)
    return answer


def _record(
    verb: AuditVerb,
    answer: CannedAnswer,
    changes: Sequence[dict[str, str]] = (),
    departments: set[int | None] | None = None,
) -> None:
    """Write an entry about what others use as well."""
    was_shared = any(change["name"] == "For" and change["from"] for change in changes)
    if answer.scope != CannedScope.PERSON or was_shared:
        record_change(verb, answer, changes, department_ids={answer.department_id} | (departments or set()))


def describe_answer(answer: CannedAnswer) -> dict[str, object]:
    """Return the values of a canned answer by their names on pages."""
    texts = answer.texts.order_by("language", "network")
    return {
        "Title": answer.title,
        "Shortcut": f";{answer.shortcut}",
        "For": place_of(answer).label,
        **{_describe_text(TypedText(each.language, each.network, "")): each.text for each in texts},
    }


@transaction.atomic
def archive_answer(answer: CannedAnswer, now: dt.datetime) -> bool:
    """Archive a canned answer: it is offered no longer. Returns False if it was archived before."""
    rows = CannedAnswer.objects.filter(pk=answer.pk, archived_at__isnull=True)
    is_done = bool(rows.update(archived_at=now, version=F("version") + 1))
    if is_done:
        _record(AuditVerb.CANNED_ANSWER_ARCHIVED, answer)
    return is_done


def restore_answer(answer: CannedAnswer) -> bool:
    """Restore an archived canned answer. Returns False if it was none.

    Raises `Invalid` if another one has its shortcut by now.
    """
    rows = CannedAnswer.objects.filter(pk=answer.pk, archived_at__isnull=False)
    try:
        with transaction.atomic():
            is_done = bool(rows.update(archived_at=None, version=F("version") + 1))
            if is_done:
                _record(AuditVerb.CANNED_ANSWER_RESTORED, answer)
            return is_done
    except IntegrityError as error:
        raise Invalid(
            f"Another canned answer has the shortcut ;{answer.shortcut} by now. Give that one another shortcut first."
        ) from error


def duplicate_answer(answer: CannedAnswer, by: User, now: dt.datetime) -> CannedAnswer:
    """Copy a canned answer, with a shortcut that is free.

    For the same people if the person may change it, else for themselves alone.
    """
    place = place_of(answer) if may_edit(by, answer) else ONLY_ME
    texts = [TypedText(each.language, each.network, each.text) for each in answer.texts.all()]
    shortcut = _free_shortcut(answer.shortcut, place, by)
    title = f"Copy of {answer.title}"[:LONGEST_TITLE]
    return save_answer(None, TypedAnswer(title, shortcut, place, texts), by, now)


def _free_shortcut(shortcut: str, place: CannedPlace, by: User) -> str:
    same = CannedAnswer.objects.filter(
        scope=place.scope, department=place.department, archived_at__isnull=True
    )
    if place.scope == CannedScope.PERSON:
        same = same.filter(owner=by)
    taken = set(same.values_list("shortcut", flat=True))
    stem = shortcut[: LONGEST_SHORTCUT - 5].rstrip("-")
    return next(name for name in (shortcut, *(f"{stem}-{n}" for n in range(2, 9999))) if name not in taken)


def find_place(key: str, by: User) -> CannedPlace | None:
    """Return a place by its key.

    None if the person may not keep canned answers there.
    """
    return next((place for place in editable_places(by) if place.key == key), None)
