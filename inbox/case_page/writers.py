"""Colleagues who are writing an answer in the same case, as their drafts say."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Value
from django.db.models.functions import Coalesce, Concat, Now, NullIf, Trim

from accounts.models import User
from inbox.models import Case, Draft

#: A draft is stored at most some seconds after each word: who stored one so lately is writing.
_LATELY = dt.timedelta(minutes=2)
_MOST = 3


def writers_annotation(user: User) -> dict[str, Any]:
    """Return the annotation of a case with its other writers."""
    name = Trim(Concat("user__first_name", Value(" "), "user__last_name"))
    drafts = Draft.objects.filter(case=OuterRef("pk"), updated_at__gt=Now() - Value(_LATELY))
    others = drafts.exclude(user=user).exclude(text="").order_by("-updated_at")
    names = others.values(who=Coalesce(NullIf(name, Value("")), F("user__username")))
    return {"writers": ArraySubquery(names[:_MOST])}


def describe_writers(case: Case) -> str:
    """Return who else is writing an answer, as a sentence.

    "" if nobody is. `case` was read with `writers_annotation`.
    """
    names: list[str] = getattr(case, "writers", None) or []
    if not names:
        return ""
    if len(names) == 1:
        return f"{names[0]} is writing an answer."
    return f"{', '.join(names[:-1])} and {names[-1]} are writing answers."
