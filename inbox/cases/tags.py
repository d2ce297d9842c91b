"""Tags of a case: set by rules when it arrives, changed by people, shown in queues and usable as a filter there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import Department, User
from inbox.cases.customer_tags import parse_tags, tag_difference
from inbox.cases.lessons import teach_router_from_tags
from inbox.changes.change import Change, change_case_as
from inbox.display import Chip
from inbox.models import Verb

#: Tags shown on a row; the others are only counted.
TAGS_SHOWN = 2


def tag_case(case_id: int, by: User, text: str, *, now: dt.datetime) -> Department | None:
    """Replace the tags of a case.

    Returns the department that the router learns from a new tag, or None. `text` is words separated by commas, in the
    spelling to store. The change is recorded in the case's history; the case stays in its department. Raises
    `Case.DoesNotExist`, `NotAllowed`, `Invalid` for too many or too long tags.
    """
    tags = parse_tags(text)
    with change_case_as(case_id, by, "claim", now=now) as change:
        return set_tags(change, tags)


def set_tags(change: Change, tags: list[str], *, may_teach: bool = True) -> Department | None:
    """Replace the tags of a locked case.

    Returns the department that the router learns, or None. `may_teach` False: the caller has made sure that these tags teach nothing.
    """
    before = change.case.tags
    if tags == before:
        return None
    change.set(tags=tags)
    changed: dict[str, Any] = tag_difference(before, tags)
    teaches = teach_router_from_tags(change, changed["added"]) if may_teach else None
    if teaches is not None:
        changed["teaches"] = teaches.name
    change.record(Verb.CASE_TAGGED, changed)
    change.is_undoable = True
    return teaches


def tag_chips(tags: list[str]) -> list[Chip]:
    """Return chips of the first few tags. One more says how many others there are, and names them."""
    chips = [Chip(f"#{tag}", "tag", f"Tag {tag}") for tag in tags[:TAGS_SHOWN]]
    rest = tags[TAGS_SHOWN:]
    return [*chips, Chip(f"+{len(rest)}", "", f"Tags: {', '.join(rest)}")] if rest else chips
