"""Making decisions again from what is stored: the text as it was, the facts beside the decision, the rules' version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inbox.models import Decision
from routing.facts import Facts
from routing.models import RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import versions
from routing.rules.engine import decide
from routing.trace import restore_facts, serialize_decision

#: Decisions read at a time.
REPLAY_CHUNK_SIZE = 1_000
#: What is read of each, in one statement a chunk.
DECISION_COLUMNS = (
    "id", "message_id", "decided_by", "version", "reasons", "trace", "rule_key", "message__text", "message__history",
    "message__stream", "message__network_time", "message__brand_account__network", "message__brand_account__remote_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """A decision that does not come out as it was stored; `why` says what differs."""

    message_id: int
    version: int
    why: str


@dataclass(slots=True)
class ReplayCounts:
    """What a replay found. `without_trace` were made before facts were kept; nothing can be said about them."""

    replayed: int = 0
    without_trace: int = 0
    differences: int = 0


def original_text(text: str, history: list[dict[str, Any]]) -> str:
    """The text that was decided upon: as it was when the message was first seen, before any edit."""
    return str(history[0]["text"]) if history else text


def original_facts(row: dict[str, Any]) -> Facts:
    """The facts of a decision, from its row with `DECISION_COLUMNS`."""
    network = row["message__brand_account__network"]
    return restore_facts(
        row["trace"]["facts"],
        text=original_text(row["message__text"], row["message__history"]),
        network=network,
        stream=row["message__stream"],
        brand_account=f"{network}:{row['message__brand_account__remote_id']}",
        at=row["message__network_time"],
    )


def replay_decisions(since: dt.datetime | None, outcome: ReplayCounts) -> Iterator[ReplayDifference]:
    """Every decision about messages received at or after `since` (UTC; None: all), made again; `outcome` is filled on
    the way. Reads in chunks by id and writes nothing."""
    rows = Decision.objects.order_by("id")
    if since is not None:
        rows = rows.filter(at__gte=since)
    after = 0
    while chunk := list(rows.filter(id__gt=after).values(*DECISION_COLUMNS)[:REPLAY_CHUNK_SIZE]):
        after = chunk[-1]["id"]
        for row in chunk:
            if not row["trace"]:
                outcome.without_trace += 1
                continue
            outcome.replayed += 1
            if why := _describe_difference(row):
                outcome.differences += 1
                yield ReplayDifference(row["message_id"], row["version"], why)


def _describe_difference(row: dict[str, Any]) -> str:
    try:
        again = decide(original_facts(row), versions.compiled_version(row["version"]))
    except RuleSetVersion.DoesNotExist:
        return f"Version {row['version']} is gone."
    except RuleSetError as error:
        return f"Version {row['version']} cannot decide: {error}"
    was, now = row["trace"]["decided"], serialize_decision(again)
    # JSON knows no tuples.
    now = {name: list(value) if isinstance(value, tuple) else value for name, value in now.items()}
    if was != now:
        names = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
        return "; ".join(f"{name}: {was.get(name)!r} then, {now.get(name)!r} now" for name in names)
    if row["decided_by"] in ("rule", "default") and row["reasons"][:1] != list(again.reasons):
        return f"reason: {row['reasons'][:1]!r} then, {list(again.reasons)!r} now"
    return ""
