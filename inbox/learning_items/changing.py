"""One change of one learning item: the row locked, its version, its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import User
from inbox.changes.refusals import Invalid, clean_required_text
from inbox.models import LearningEvent, LearningItem, LearningVerb
from inbox.text import clean_text

LONGEST_TITLE, LONGEST_REASON, LONGEST_REPEATS = 120, 500, 80
OUT_OF_DATE = "Somebody has changed this item in the meantime. Nothing was saved: look at it again."


@dataclass(slots=True)
class ItemChange:
    """A locked item and who changes it."""

    item: LearningItem
    by: User | None
    now: dt.datetime

    def set(self, **values: Any) -> None:
        """Change fields of the item."""
        for name, value in values.items():
            setattr(self.item, name, value)

    def record(self, verb: LearningVerb, **data: Any) -> None:
        """Add a line to the history."""
        LearningEvent.objects.create(item=self.item, at=self.now, verb=verb, actor=self.by, data=data)


@contextmanager
def change_item(
    pk: int, by: User | None, *, version: int | None = None, now: dt.datetime
) -> Iterator[ItemChange]:
    """Lock an item, and save it afterwards, in one transaction.

    Raises `LearningItem.DoesNotExist`, and `Invalid` for a merged item or another `version` than it has; None skips that.
    """
    with transaction.atomic():
        item = LearningItem.objects.select_for_update(no_key=True).get(pk=pk)
        if item.merged_into_id is not None:
            raise Invalid("This item was merged into another. Nothing was saved.")
        if version is not None and version != item.version:
            raise Invalid(OUT_OF_DATE)
        change = ItemChange(item, by, now)
        yield change
        item.version += 1
        item.changed_at = now
        item.save()


def clean_title(text: str) -> str:
    """Return a title on one line. Raises `Invalid`."""
    return clean_required_text(
        " ".join(clean_text(text)[0].split()), LONGEST_TITLE, "Say in a few words what customers keep saying."
    )


def clean_words(text: str, longest: int, when_empty: str) -> str:
    """Return a person's words on one line. Raises `Invalid`."""
    return clean_required_text(" ".join(clean_text(text)[0].split()), longest, when_empty)
