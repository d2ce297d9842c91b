"""Previews of a draft of the rules on past messages, in a background task.

The task works in chunks. After each, one statement writes the result so far and the beginning of the next chunk, so a
preview may be stopped, killed, or run twice at any moment.

The result (`RulePreview.result`): `moves` counts by "from>to" (departments' slugs), `opening` the moves whose message
opened a case, `fired` counts by rule key, `words` counts by rule key and word of a list, `otherwise` counts messages that stay but get another priority, tag or
person. `examples` has some of each move: ids of messages, or texts of the file. Only messages that the owner may read
are tried (`inbox.previews.messages`).
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from inbox.models import PreviewState, RulePreview
from inbox.previews.messages import count_past_messages, load_past_messages
from routing.facts import Facts
from routing.files import csv
from routing.models import RuleDraft, RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import versions
from routing.rules.drafts import find_rule_draft
from routing.rules.engine import CompiledRules, compile_rules, decide
from routing.rules.store import self_contained_snapshot

logger = logging.getLogger(__name__)

PREVIEW_DAYS = 30
#: Messages read at a time, of each at most `routing.letters.MAX_TEXT_READ` characters.
PREVIEW_CHUNK_SIZE = 1_000
#: A worker that has written nothing for this long is taken for dead.
PREVIEW_LEASE = dt.timedelta(seconds=30)
#: Seconds after which a worker yields to other tasks and asks to be woken again.
SLICE_SECONDS = 5.0
EXAMPLES_KEPT = 10
PREVIEWS_KEPT = 3  # for each person
MAX_FILE_BYTES, MAX_FILE_ROWS = 40_000_000, 200_000
_EXAMPLE_LENGTH = 400


@dataclass(slots=True)
class PreviewResult:
    """The result of the chunks so far."""

    moves: Counter[str] = field(default_factory=Counter)
    opening: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    words: dict[str, Counter[str]] = field(default_factory=dict)
    otherwise: int = 0
    examples: dict[str, list[Any]] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> PreviewResult:
        """Build the result from `RulePreview.result`."""
        moves, opening, fired = (Counter(stored.get(name, {})) for name in ("moves", "opening", "fired"))
        words = {key: Counter(counts) for key, counts in stored.get("words", {}).items()}
        return cls(moves, opening, fired, words, stored.get("otherwise", 0), stored.get("examples", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return the result in the form of `RulePreview.result`."""
        return {
            "moves": self.moves, "opening": self.opening, "fired": self.fired, "words": self.words,
            "otherwise": self.otherwise, "examples": self.examples,
        }  # fmt: skip

    def needs_example(self, move: str) -> bool:
        """Return whether a move has too few examples."""
        return len(self.examples.get(move, ())) < EXAMPLES_KEPT


def find_preview_draft(preview: RulePreview) -> RuleDraft | None:
    """Find the draft that a preview tried.

    None if it tried the live rules, or the draft has been published or discarded. A draft that was begun later is a
    different one.
    """
    draft = find_rule_draft(preview.by) if preview.revision else None
    return draft if draft is not None and draft.created_at <= preview.created_at else None


def start_preview(
    by: User, now: dt.datetime, *, file: bytes | None = None, file_name: str = ""
) -> RulePreview:
    """Start a preview of the person's draft.

    Without a draft it tries the live rules. The person's earlier previews that still run are stopped. Raises
    `RuleSetError` when the draft cannot decide, `routing.files.csv.BadTable` for a file that is not a table.
    """
    draft = find_rule_draft(by)
    newest = RuleSetVersion.objects.first()
    if newest is None:
        raise RuleSetError("There are no live rules to compare with: publish some first.")
    content = self_contained_snapshot(draft.content) if draft else newest.snapshot
    compile_rules(content)
    total = _count_file_rows(file) if file is not None else None
    with transaction.atomic():
        own_previews = RulePreview.objects.filter(by=by)
        own_previews.filter(state__in=[PreviewState.WAITING, PreviewState.RUNNING]).update(
            state=PreviewState.CANCELLED, finished_at=now
        )
        own_previews.exclude(
            pk__in=list(own_previews.values_list("pk", flat=True)[: PREVIEWS_KEPT - 1])
        ).delete()
        return RulePreview.objects.create(
            by=by,
            content=content,
            revision=draft.revision if draft else 0,
            live=newest.number,
            since=now - dt.timedelta(days=PREVIEW_DAYS),
            cursor={"at": now.isoformat(), "id": 0},
            file=file,
            file_name=file_name[:200],
            total=total,
            created_at=now,
        )


def _count_file_rows(file: bytes) -> int:
    if len(file) > MAX_FILE_BYTES:
        raise csv.BadTable(f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB: send a part of it.")
    count = sum(1 for _ in islice(csv.read_csv_rows(file, "text"), MAX_FILE_ROWS + 1))
    if count > MAX_FILE_ROWS:
        raise csv.BadTable(f"The file has more than {MAX_FILE_ROWS:,} rows: send a part of it.")
    if not count:
        raise csv.BadTable("The file has no row.")
    return count


def cancel_preview(preview: RulePreview, now: dt.datetime) -> bool:
    """Stop a preview; keep its result. False if it had already ended."""
    running = Q(state__in=[PreviewState.WAITING, PreviewState.RUNNING])
    return bool(
        RulePreview.objects.filter(running, pk=preview.pk).update(
            state=PreviewState.CANCELLED, finished_at=now
        )
    )


def due_preview_ids(now: dt.datetime) -> list[int]:
    """Return ids of unfinished previews that no worker has; at most 20."""
    running = Q(state__in=[PreviewState.WAITING, PreviewState.RUNNING])
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return list(RulePreview.objects.filter(running, free).order_by("id").values_list("pk", flat=True)[:20])


def work_on_preview(preview_id: int, *, seconds: float | None = SLICE_SECONDS) -> bool:
    """Work on a preview and return whether there is more to do.

    `seconds` None: until it is finished. Does nothing while another worker has it.
    """
    preview = _claim_preview(preview_id, timezone.now())
    if preview is None:
        return False
    until = time.monotonic() + seconds if seconds is not None else None
    try:
        for _ in _compare_in_chunks(preview):
            if until is not None and time.monotonic() > until:
                return _release_preview(preview)
    except (RuleSetError, csv.BadTable, RuleSetVersion.DoesNotExist) as error:
        logger.warning("preview %s failed: %s", preview.pk, error)
        _update_if_ours(
            preview, state=PreviewState.FAILED, error=str(error)[:300], finished_at=timezone.now()
        )
    return False


def _claim_preview(preview_id: int, now: dt.datetime) -> RulePreview | None:
    token = uuid.uuid4()
    running = Q(state__in=[PreviewState.WAITING, PreviewState.RUNNING])
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    claimed = RulePreview.objects.filter(running, free, pk=preview_id).update(
        state=PreviewState.RUNNING, lease_token=token, lease_until=now + PREVIEW_LEASE
    )
    return RulePreview.objects.select_related("by").get(pk=preview_id) if claimed else None


def _release_preview(preview: RulePreview) -> bool:
    return _update_if_ours(preview, lease_until=None)


def _update_if_ours(preview: RulePreview, **values: Any) -> bool:
    """Write, if the preview still runs and this worker has it.

    Returns False if somebody stopped it or another worker took it over.
    """
    preview_if_ours = RulePreview.objects.filter(
        pk=preview.pk, state=PreviewState.RUNNING, lease_token=preview.lease_token
    )
    return bool(preview_if_ours.update(**values))


def _compare_in_chunks(preview: RulePreview) -> Iterator[None]:
    """Yield after each chunk that is written.

    Ends when all is done, or when this worker no longer has the preview.
    """
    if preview.total is None:
        preview.total = count_past_messages(preview.by, preview.since, preview.created_at)
        if not _update_if_ours(preview, total=preview.total):
            return
    tried = compile_rules({**preview.content, "version": 0})
    live = versions.compiled_version(preview.live)
    result, done = PreviewResult.from_dict(preview.result), preview.done
    chunks = _file_chunks(preview) if preview.file is not None else _message_chunks(preview)
    for rows, cursor in chunks:
        _compare_chunk(rows, live, tried, result)
        done += len(rows)
        now = timezone.now()
        if not _update_if_ours(
            preview, cursor=cursor, done=done, result=result.to_dict(), lease_until=now + PREVIEW_LEASE
        ):
            return
        yield
    _update_if_ours(
        preview, state=PreviewState.DONE, done=done, total=done, finished_at=timezone.now(), file=None
    )


@dataclass(frozen=True, slots=True)
class TriedMessage:
    """A message to compare: `example` is its id or text, `opened_case`: it opened a case when it arrived."""

    facts: Facts
    example: Any
    opened_case: bool = True


def _message_chunks(preview: RulePreview) -> Iterator[tuple[list[TriedMessage], dict[str, Any]]]:
    at, before = dt.datetime.fromisoformat(preview.cursor["at"]), preview.cursor["id"]
    while rows := load_past_messages(preview.by, preview.since, at, before, PREVIEW_CHUNK_SIZE):
        at, before = rows[-1].facts.at, rows[-1].id
        yield (
            [TriedMessage(row.facts, row.id, row.opened_case) for row in rows],
            {"at": at.isoformat(), "id": before},
        )


def _file_chunks(preview: RulePreview) -> Iterator[tuple[list[TriedMessage], dict[str, Any]]]:
    rows = csv.read_csv_rows(bytes(preview.file or b""), "text")
    rest = islice(rows, preview.done, None)
    while part := list(islice(rest, PREVIEW_CHUNK_SIZE)):
        yield [TriedMessage(csv.facts_of_row(row), row["text"][:_EXAMPLE_LENGTH]) for row in part], {}


def _compare_chunk(
    rows: Iterable[TriedMessage],
    live: CompiledRules,
    tried: CompiledRules,
    result: PreviewResult,
) -> None:
    moved: dict[str, list[Any]] = {}
    for row in rows:
        was, now = decide(row.facts, live), decide(row.facts, tried)
        result.fired[now.rule_key or "default"] += 1
        if now.words:
            result.words.setdefault(now.rule_key, Counter()).update(now.words)
        if was.department == now.department:
            result.otherwise += _other_effects(was) != _other_effects(now)
            continue
        move = f"{was.department}>{now.department}"
        result.moves[move] += 1
        result.opening[move] += row.opened_case
        if result.needs_example(move) and len(moved.setdefault(move, [])) < EXAMPLES_KEPT:
            moved[move].append(row.example)
    for move, examples in moved.items():
        result.examples[move] = [*result.examples.get(move, []), *examples][:EXAMPLES_KEPT]


def _other_effects(decision: Any) -> tuple[Any, ...]:
    return (
        decision.priority, decision.tags, decision.needs_answer, decision.person, decision.skill, decision.dismiss,
        decision.playbook_branch,
    )  # fmt: skip
