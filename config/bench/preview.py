"""Bench of previews: a whole draft tried on messages of the last thirty days, in one worker process.

The floor reads the same messages with the same statement and does nothing with them.
"""

from __future__ import annotations

import datetime as dt
import resource
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import BrandAccount, Department, Role, User
from config.bench.fill import DEPARTMENTS
from config.bench.reading import MESSAGES
from config.bench.rules import build_snapshot
from config.bench.web import median
from inbox.previews import run
from inbox.previews.messages import read_past_message_rows
from routing.rules import drafts, editing, versions
from routing.rules.editing import RuleContent
from routing.rules.store import replace_rules

Say = Callable[[str], None]
RULES = 50
_CASES = 4
#: Messages of the last thirty days, four per case, each with a decision that holds its facts.
_STATEMENTS = (
    """
    INSERT INTO inbox_customer (id, name, created_at)
    SELECT n, 'Customer ' || n, %(now)s FROM generate_series(1, %(cases)s) AS n
    """,
    """
    INSERT INTO inbox_identity (id, network, remote_id, customer_id, handle, name, avatar_url, followers, verified, seen_at)
    SELECT n, 'x', 'c' || n, n, 'c' || n, '', '', n %% 5000, false, %(now)s FROM generate_series(1, %(cases)s) AS n
    """,
    """
    INSERT INTO inbox_case (id, customer_id, identity_id, brand_account_id, network, visibility, thread_id, status,
        department_id, priority, tags, version, preview, message_count, historical, needs_answer, created_at, opened_at,
        activity_at, close_reason, reopen_count)
    SELECT n, n, n, %(brand)s, 'x', 'public', 't' || n, 'new', %(department)s, 0, '[]', 1, '', 4, false, true, %(now)s,
        %(now)s, %(now)s, '', 0 FROM generate_series(1, %(cases)s) AS n
    """,
    """
    INSERT INTO inbox_message (id, brand_account_id, case_id, stream, canonical_id, remote_id, thread_id,
        parent_remote_id, direction, visibility, identity_id, text, network_time, received_at, hidden, history, permalink,
        attachments, can_reply, reply_ref, language, needs_answer, flags, historical, raw)
    SELECT n, %(brand)s, 1 + n / 4 %% %(cases)s, 'mentions', n::text, n::text, 't' || 1 + n / 4, '', 'in', 'public',
        1 + n / 4 %% %(cases)s, (%(texts)s::text[])[1 + n %% %(kinds)s] || ' ' || n,
        %(now)s - interval '1 hour' - (interval '29 days' * n / %(messages)s), %(now)s, false, '[]', '', '[]', true, '{}',
        'en', true, '[]', false, '{}'
    FROM generate_series(1, %(messages)s) AS n
    """,
    """
    INSERT INTO inbox_decision (message_id, case_id, department_id, decided_by, rule_key, rule_name, version, reasons, trace,
        at)
    SELECT m.id, m.case_id, %(department)s, CASE WHEN m.id %% 4 = 0 THEN 'rule' ELSE 'thread' END, '', '', 1, '[]',
        '{"facts": {"language": "en", "sentiment": "negative", "followers": 12}, "decided": {"department": "service"}}',
        %(now)s
    FROM inbox_message m
    """,
    "ANALYZE",
)


def measure(options: dict[str, Any], say: Say) -> dict[str, Any]:
    """Measure floor and product in turn over the same messages."""
    messages = options["messages"]
    user = _prepare_messages(messages, timezone.now())
    say(f"{messages:,} messages are in")
    before = _peak_memory_mb()
    rounds = []
    for number in range(min(options["rounds"], 3)):
        began = time.monotonic()
        read = _read_all_messages(user)
        floor = time.monotonic() - began
        preview = run.start_preview(user, timezone.now())
        began = time.monotonic()
        run.work_on_preview(preview.pk, seconds=None)
        seconds = time.monotonic() - began
        preview.refresh_from_db()
        rounds.append({"seconds": seconds, "floor_seconds": floor, "floor_ratio": seconds / floor})
        say(f"round {number + 1}: " + ", ".join(f"{name} {value:.2f}" for name, value in rounds[-1].items()))
    middle = {name: round(median([figures[name] for figures in rounds]), 2) for name in rounds[0]}
    return {
        "bench": "preview",
        **middle,
        "messages": preview.done,
        "read": read,
        "messages_per_s": round(preview.done / middle["seconds"]),
        "moved": sum(preview.result["moves"].values()),
        "state": preview.state,
        "rules": RULES,
        "memory_growth_mb": round(_peak_memory_mb() - before, 1),
        "rounds": len(rounds),
    }


def _prepare_messages(messages: int, now: dt.datetime) -> User:
    departments = {
        slug: Department.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "position": n})[0]
        for n, slug in enumerate(DEPARTMENTS)
    }
    brand = BrandAccount.objects.create(network="x", remote_id="1", handle="brand", connected_at=now)
    user = User.objects.create_user("bench", role=Role.ADMINISTRATOR)
    with versions.publishing_rules(None, "bench", now):
        replace_rules(_with_uuids(build_snapshot(RULES)))
    parameters: dict[str, Any] = {
        "now": now, "messages": messages, "cases": max(messages // _CASES, 1), "brand": brand.pk,
        "department": departments["service"].pk, "texts": [text for _, text in MESSAGES], "kinds": len(MESSAGES),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, parameters)
    drafts.begin_rule_draft(user, now)
    words = {"field": "words", "any": ["parcel", "delivery", "help"]}
    changed = editing.add_rule(RuleContent("Parcels", words, departments["sales"]), user, "", now)
    editing.move_rule(changed.key, user, now, to=1)
    return user


def _with_uuids(content: dict[str, Any]) -> dict[str, Any]:
    space = uuid.UUID(int=7)
    rules = [
        rule | {"key": str(uuid.uuid5(space, rule["key"])), "enabled": True, "needs_answer": None}
        for rule in content["rules"]
    ]
    return {"default": content["default"], "rules": rules}


def _read_all_messages(reader: User) -> int:
    now = timezone.now()
    since, at, before, read = now - dt.timedelta(days=run.PREVIEW_DAYS), now, 0, 0
    while rows := read_past_message_rows(reader, since, at, before, run.PREVIEW_CHUNK_SIZE):
        at, before, read = rows[-1]["network_time"], rows[-1]["id"], read + len(rows)
    return read


def _peak_memory_mb() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
