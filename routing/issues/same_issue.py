"""Judge whether a customer's new post can be about the same issue as earlier ones."""

from __future__ import annotations

from collections.abc import Iterable

from routing.issues.subjects import Subjects, read_subjects

#: The section of what must never be overlooked in a case about something else.
SAFETY = "safety"


def merge_subjects(texts: Iterable[str]) -> Subjects:
    """Return what several texts of one issue are about, taken together."""
    parts = [read_subjects(text) for text in texts]
    return Subjects(
        about=frozenset().union(*(part.about for part in parts)),
        references=frozenset().union(*(part.references for part in parts)),
        words=frozenset().union(*(part.words for part in parts)),
        announces_another=any(part.announces_another for part in parts),
        goes_on=any(part.goes_on for part in parts),
        stands_alone=any(part.stands_alone for part in parts),
        only_calls=all(part.only_calls for part in parts),
        tells_enough=any(part.tells_enough for part in parts),
        begins_midway=any(part.begins_midway for part in parts),
    )


def explain_other_issue(earlier: Subjects, post: Subjects, *, other_department: str = "") -> str:
    """Return why a post is about another issue.

    "" when it can be that of the earlier ones. `other_department` is the name of the department that a rule with words names for it, "" when that is the same one. A
    number of an order in both decides, then what the post says of itself, then the subjects; a post that says nothing of its
    subject can be about anything.
    """
    if earlier.references & post.references:
        return ""
    if post.announces_another:
        return "it starts a new subject"
    if SAFETY in post.about - earlier.about:
        return "it is about safety"
    is_linked = bool(earlier.words & post.words)
    if earlier.about and post.about:
        shared, new = earlier.about & post.about, post.about - earlier.about
        if (is_linked and post.goes_on) or (shared and not (post.stands_alone and len(new) > len(shared))):
            return ""
        return f"it is about {_in_words(new)}, not {_in_words(earlier.about)}"
    if is_linked or post.goes_on or earlier.only_calls:
        return ""
    if other_department and post.tells_enough:
        return f"its words belong to {other_department}"
    if post.stands_alone:
        return f"it is about {_in_words(post.about)}" if post.about else "it is about something else"
    return ""


def _in_words(about: frozenset[str]) -> str:
    return " and ".join(sorted(about)[:2])
