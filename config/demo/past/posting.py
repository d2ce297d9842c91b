"""Posts of the past that the simulated networks hold, so that they can be answered.

They are in none of the networks' lists: their cases are written here, and reading them again would open more.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx

from config.demo.past.calendar import RECALL
from config.demo.past.filling import DIGEST, tell_day
from config.demo.past.writing import Cast
from reports.models import HistoryImport

#: Lists show them then: never.
_SHOWN_AFTER = dt.timedelta(days=3650)


def post_past(base: str) -> int:
    """Post them at the networks at `base`, once; return how many.

    Raises `httpx.HTTPError`.
    """
    posts = list_posts()
    answer = httpx.post(f"{base}/_sim/messages", json={"messages": posts}, timeout=30, trust_env=False)
    answer.raise_for_status()
    return len(posts)


def list_posts() -> list[dict[str, Any]]:
    """Return the posts of the recall and of those who talked."""
    began, cast = HistoryImport.objects.get(digest=DIGEST).created_at, Cast.load()
    return [
        {
            "network": "x",
            "id": story.post_id,
            "account": account.remote_id,
            "author": {"id": f"{10**12 + story.person.number}", "handle": f"past{story.person.number}", "name": story.person.name},
            "text": story.said[0].text,
            "created_at": story.facts.at.isoformat(),
            "shown_at": (began + _SHOWN_AFTER).isoformat(),
        }
        for day in (0, *RECALL)
        for story, account in tell_day(day, began, cast)
        if story.post_id
    ]  # fmt: skip
