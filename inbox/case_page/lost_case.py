"""Say who has a case that the reader of a page can no longer work on, and keep what they typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.access import ROLES
from accounts.models import User
from inbox.changes.refusals import why_nothing_is_kept
from inbox.models import MERGED_PREFIX, Case, Draft
from inbox.visibility import case_scope, may_see_by_role

NO_ACCESS = "You no longer have access to this case"
#: Fields with words of a person → what the page calls them.
_LABELS = {
    "text": "Your answer, not sent",
    "note": "Your note, not saved",
    "reason": "Your reason, not saved",
}


@dataclass(frozen=True, slots=True)
class LostCase:
    """The words that stand in place of the form for an answer.

    `other` is the id of the case that has the messages now, "" for none. `typed` are words of the reader that were
    neither sent nor saved, by what they are.
    """

    title: str
    words: str
    other: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    #: True if nothing that was typed may be kept.
    forgets: bool = False


def describe_lost_case(case: Case, user: User, typed: Mapping[str, str]) -> LostCase | None:
    """Return why the reader of a page cannot answer here.

    None for people who never answer. For a case in which `allowed_actions` allows nothing, read by `read_case`; `typed`
    are the fields of a refused form. No statement.
    """
    if user.role not in ROLES["publish"]:
        return None
    if case.identity.is_erased:
        return LostCase(why_nothing_is_kept(case), "Nobody can be answered here any more.", forgets=True)
    draft = getattr(case, "draft_text", None) or ""
    words = label_words({"text": draft} | {name: text for name, text in typed.items() if text.strip()})
    if case.is_merged:
        other = case.close_reason.removeprefix(MERGED_PREFIX)
        return LostCase(
            f"{case.close_reason}.", "Its messages are there.", other if other.isdecimal() else "", words
        )
    return LostCase(
        f"{case.department} has it now.",
        "You can still read it here, because you are watching it.",
        typed=words,
    )


def find_passed_on_case(user: User, case_id: int, typed: Mapping[str, str]) -> LostCase | None:
    """Return who has a case that the person can no longer read.

    None if no department of theirs ever had it: then they may not even know that it exists. Two statements.
    """
    had = Case.objects.filter(case_scope(user).passed_on_condition(), pk=case_id)
    case = had.select_related("department", "identity").first()
    if case is None or may_see_by_role(user, case):
        return None
    drafts = Draft.objects.filter(case=case, user=user).values_list("text", flat=True)
    words = {"text": drafts.first() or ""} | {name: text for name, text in typed.items() if text.strip()}
    return LostCase(f"{case.department} has it now", f"{NO_ACCESS}.", typed=label_words(words))


def label_words(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what a person has written, by what the page calls it."""
    return {label: fields[name] for name, label in _LABELS.items() if fields.get(name, "").strip()}
