"""Making decisions again from what is stored: the text as it was, the facts beside the decision, the rules' version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inbox.message_facts import FACTS_OF_DECISIONS
from inbox.models import Decision
from routing.facts import serialize_decision
from routing.models import RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import versions

#: Decisions read at a time.
REPLAY_CHUNK_SIZE = 1_000
_COLUMNS = ("id", "message_id", "decided_by", "version", "reasons", "trace")


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """A decision that differs from the stored one when made again; `why` says what differs."""

    message_id: int
    version: int
    why: str


@dataclass(slots=True)
class ReplayCounts:
    """The result of a replay. `without_trace` decisions cannot be checked: their facts were never stored, or deleted with the text."""

    replayed: int = 0
    without_trace: int = 0
    differences: int = 0


def replay_decisions(since: dt.datetime | None, outcome: ReplayCounts) -> Iterator[ReplayDifference]:
    """Make every decision again and yield those that differ.

    Messages received at or after `since` (UTC; None: all); `outcome` is filled on the way. Reads in chunks by
    id and writes nothing.
    """
    rows = FACTS_OF_DECISIONS.select(Decision.objects.order_by("id"), *_COLUMNS)
    if since is not None:
        rows = rows.filter(at__gte=since)
    after = 0
    while chunk := list(rows.filter(id__gt=after)[:REPLAY_CHUNK_SIZE]):
        after = chunk[-1]["id"]
        for row in chunk:
            if "facts" not in row["trace"]:
                outcome.without_trace += 1
                continue
            outcome.replayed += 1
            if why := _describe_difference(row):
                outcome.differences += 1
                yield ReplayDifference(row["message_id"], row["version"], why)


def _describe_difference(row: dict[str, Any]) -> str:
    try:
        again = versions.replay_decision(FACTS_OF_DECISIONS.restore(row), row["version"])
    except RuleSetVersion.DoesNotExist:
        return f"Version {row['version']} is gone."
    except RuleSetError as error:
        return f"Version {row['version']} cannot decide: {error}"
    was, now = row["trace"]["decided"], serialize_decision(again)
    if "words" not in was:
        now.pop("words", None)  # decisions did not always keep them
    # JSON has no tuples.
    now = {name: list(value) if isinstance(value, tuple) else value for name, value in now.items()}
    if was != now:
        names = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
        return "; ".join(f"{name}: {was.get(name)!r} then, {now.get(name)!r} now" for name in names)
    if row["decided_by"] in ("rule", "default") and row["reasons"][:1] != list(again.reasons):
        return f"reason: {row['reasons'][:1]!r} then, {list(again.reasons)!r} now"
    return ""
