"""Tags on customers: a word or two that people note about them.

Colleagues see them, and rules may use them.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from inbox.changes.change import change_case_as
from inbox.changes.refusals import Invalid
from inbox.models import Customer, Verb
from inbox.text import clean_text

MOST_TAGS, LONGEST_TAG = 20, 40


def tag_customer(case_id: int, by: User, text: str, *, now: dt.datetime) -> list[str]:
    """Replace the tags of a case's customer and return them.

    `text` is words separated by commas. The change is recorded in the case's history. Raises `Case.DoesNotExist` for a
    case that is absent or that the person may not see, `NotAllowed`, `Invalid` for too many or too long tags.
    """
    tags = parse_tags(text.lower())
    with change_case_as(case_id, by, "claim", now=now) as change:
        customer = Customer.objects.select_for_update().get(pk=change.case.customer_id)
        before = customer.tags
        if tags == before:
            return tags
        customer.tags = tags
        customer.save(update_fields=["tags"])
        change.record(Verb.CUSTOMER_TAGGED, tag_difference(before, tags))
    return tags


def tag_difference(before: list[str], after: list[str]) -> dict[str, list[str]]:
    """Return what came and what went, as an event keeps it."""
    return {
        "added": [tag for tag in after if tag not in before],
        "removed": [tag for tag in before if tag not in after],
    }


def parse_tags(text: str) -> list[str]:
    """Parse words separated by commas, each once. Raises `Invalid` for too many or too long ones."""
    parts = clean_text(text)[0].split(",")
    tags = list(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
    if len(tags) > MOST_TAGS:
        raise Invalid(f"{len(tags)} tags are too many: {MOST_TAGS} are allowed.")
    if long := next((tag for tag in tags if len(tag) > LONGEST_TAG), ""):
        raise Invalid(f"“{long[:LONGEST_TAG]}…” is too long for a tag: {LONGEST_TAG} characters are allowed.")
    return tags
