"""Fill an empty database with cases as a company would have them, by set-based SQL.

One case in five is open. Departments, brand accounts and customers are unevenly busy; words follow Zipf's
law, so that searches meet rare and common words. All random values come from fixed seeds.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import BrandAccount, BrandAccountGrant, Department, Membership, Role, User
from config.bench.words import VOCABULARY, vocabulary
from inbox.queue import counts

DEPARTMENTS = ("service", "billing", "sales", "marketing", "pr", "product", "tech", "legal", "hr", "spam")
AGENTS = 100
PASSWORD = "bench-password"  # noqa: S105 (for a scratch database that nobody else can reach)
SENTENCES = 20_000

# Updating indexes takes most of the time when rows are inserted by the million: they are dropped, and built at the end.
_INDEXES = """
SELECT indexname, indexdef, tablename FROM pg_indexes
WHERE schemaname = 'public' AND tablename = ANY(%s)
  AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
_TABLES = ["inbox_case", "inbox_message", "inbox_identity", "inbox_customer", "inbox_decision", "inbox_caseevent",
           "inbox_custody"]  # fmt: skip

# Of the invented words Postgres' own parser makes the same lexemes as `inbox.search_words`, and sooner.
_STATEMENTS = {
    "customers": """
        INSERT INTO inbox_customer (id, name, created_at)
        SELECT i, 'Customer ' || i, %(now)s - interval '400 days' FROM generate_series(1, %(customers)s) AS i
    """,
    "identities": """
        INSERT INTO inbox_identity (id, network, remote_id, customer_id, handle, name, avatar_url, followers,
                                    verified, seen_at, search)
        SELECT i, CASE WHEN i %% 5 < 3 THEN 'x' ELSE 'facebook' END, 'p' || i, i,
               CASE WHEN i %% 5 < 3 THEN w.word || '_' || i ELSE '' END, initcap(w.word) || ' ' || i, '',
               (power(random(), 6) * 100000)::int, random() < 0.01, %(now)s,
               to_tsvector('simple', w.word || ' ' || i)
        FROM generate_series(1, %(customers)s) AS i
        JOIN bench_word w ON w.id = 1 + (i::bigint * 7919) %% %(vocabulary)s
    """,
    "cases": """
        INSERT INTO inbox_case (id, customer_id, identity_id, brand_account_id, network, visibility, thread_id, status,
            department_id, assignee_id, priority, tags, version, preview, message_count, historical, needs_answer,
            created_at, opened_at, activity_at, last_inbound_at, last_outbound_at, waiting_since, first_response_at,
            first_resolved_at, closed_at, close_reason, reopen_count, language)
        SELECT i, c.customer, c.customer, b.id, b.network, CASE WHEN c.r2 < 0.15 THEN 'direct' ELSE 'public' END,
            't' || i,
            CASE WHEN NOT c.open THEN 'resolved' WHEN c.r3 < 0.6 THEN 'new' WHEN c.r3 < 0.8 THEN 'open'
                 ELSE 'waiting' END,
            d.id, CASE WHEN c.r3 >= 0.6 THEN u.id END, 0, '[]', 1, left(s.text, 240), 1, false, true,
            c.at, c.at, c.at, c.at, CASE WHEN NOT c.open THEN c.at + c.took END,
            CASE WHEN c.open THEN c.at END, CASE WHEN NOT c.open THEN c.at + c.took END,
            CASE WHEN NOT c.open THEN c.at + c.took * 2 END, CASE WHEN NOT c.open THEN c.at + c.took * 2 END, '', 0,
            'en'
        FROM (
            SELECT i, 1 + (power(random(), 2) * (%(customers)s - 1))::bigint AS customer, random() AS r2,
                   random() AS r3, i %% 5 = 0 AS open,
                   %(now)s - (%(cases)s - i) * (interval '365 days' / %(cases)s) AS at,
                   interval '1 minute' * (1 + 600 * power(random(), 3)) AS took,
                   1 + (power(random(), 1.8) * 9.999)::int AS department,
                   1 + floor(power(random(), 1.5) * 8)::int AS brand, floor(random() * %(agents)s / 10)::int AS team,
                   1 + floor(random() * %(sentences)s)::int AS sentence
            FROM generate_series(1, %(cases)s) AS i
        ) c
        JOIN bench_department d ON d.n = least(c.department, 10)
        JOIN bench_brand b ON b.n = c.brand
        JOIN bench_agent u ON u.n = 10 * c.team + least(c.department, 10)
        JOIN bench_sentence s ON s.id = c.sentence
    """,
    "messages": """
        INSERT INTO inbox_message (id, brand_account_id, case_id, stream, canonical_id, remote_id, thread_id,
            parent_remote_id, direction, visibility, identity_id, text, network_time, received_at, hidden, history,
            permalink, attachments, can_reply, reply_ref, language, needs_answer, flags, historical, raw, search)
        SELECT c.id, c.brand_account_id, c.id, 'mentions', 'm' || c.id, 'm' || c.id, c.thread_id, '', 'in',
            c.visibility, c.identity_id, c.preview, c.opened_at, c.created_at, false, '[]', '', '[]', true, '{}', 'en',
            true, '[]', false, '{}', to_tsvector('simple', c.preview)
        FROM inbox_case c
    """,
    "answers": """
        INSERT INTO inbox_message (id, brand_account_id, case_id, stream, canonical_id, remote_id, thread_id,
            parent_remote_id, direction, visibility, text, network_time, received_at, hidden, history,
            permalink, attachments, can_reply, reply_ref, language, needs_answer, flags, historical, raw, search, user_id)
        SELECT %(cases)s + c.id, c.brand_account_id, c.id, 'mentions', 'a' || c.id, 'a' || c.id, c.thread_id,
            'm' || c.id, 'out', c.visibility, s.text, c.first_response_at, c.first_response_at, false, '[]', '', '[]',
            true, '{}', 'en', false, '[]', false, '{}', to_tsvector('simple', s.text), u.id
        FROM inbox_case c JOIN bench_agent u ON u.n = 1 + c.id / 4 %% %(agents)s
        JOIN bench_sentence s ON s.id = 1 + c.id %% %(sentences)s
        WHERE c.first_response_at IS NOT NULL AND c.id %% 4 = 0
    """,
    "decisions": """
        INSERT INTO inbox_decision (id, message_id, case_id, department_id, decided_by, rule_key, rule_name, version,
            reasons, at)
        SELECT c.id, c.id, c.id, c.department_id, 'default', '', '', 1, '["No rule held: the default department."]',
            c.created_at
        FROM inbox_case c
    """,
    "events": """
        INSERT INTO inbox_caseevent (id, case_id, at, verb, data)
        SELECT c.id, c.id, c.created_at, 'opened', '{}' FROM inbox_case c
    """,
    "custody": """
        INSERT INTO inbox_custody (id, case_id, department_id, sent_at, accepted_at, left_at, reason, wrong_department)
        SELECT c.id, c.id, c.department_id, c.created_at, c.first_response_at, c.closed_at, '', false
        FROM inbox_case c WHERE NOT (c.id %% 8 = 1 AND c.closed_at IS NOT NULL)
    """,
    # One closed case in eight came from another department, and one of eight of these went there and back.
    "ways": """
        INSERT INTO inbox_custody (id, case_id, from_department_id, department_id, sent_at, accepted_at, left_at, reason,
            wrong_department, routed)
        SELECT c.id + way.place * %(cases)s::bigint, c.id, CASE way.place WHEN 1 THEN first.id WHEN 2 THEN other.id END,
               CASE WHEN way.place = way.last THEN c.department_id WHEN way.place = 0 THEN first.id ELSE other.id END,
               c.created_at + took.whole * way.place / (way.last + 1),
               c.created_at + took.whole * (way.place + 0.3) / (way.last + 1),
               c.created_at + took.whole * (way.place + 1) / (way.last + 1), '', false, false
        FROM inbox_case c
        CROSS JOIN LATERAL (SELECT c.closed_at - c.created_at AS whole) AS took
        CROSS JOIN LATERAL (
            SELECT place, CASE WHEN c.id %% 64 = 1 THEN 2 ELSE 1 END AS last FROM generate_series(0, 2) AS place
        ) AS way
        JOIN bench_department own ON own.id = c.department_id
        JOIN bench_department other ON other.n = 1 + own.n %% 9
        JOIN bench_department first ON first.id = CASE WHEN way.last = 2 THEN c.department_id ELSE other.id END
        WHERE c.id %% 8 = 1 AND c.closed_at IS NOT NULL AND way.place <= way.last
    """,
    "clocks": """
        INSERT INTO inbox_caseevent (case_id, at, verb, actor_id, data)
        SELECT c.id, c.first_response_at, 'answered', u.id, jsonb_build_object('clocks', jsonb_build_array(jsonb_build_object(
            'clock', 'first_response', 'met', c.id %% 5 > 0, 'from', c.created_at)))
        FROM inbox_case c JOIN bench_agent u ON u.n = 1 + c.id / 4 %% %(agents)s
        WHERE c.first_response_at IS NOT NULL AND c.id %% 4 = 0
    """,
    "a long thread": """
        INSERT INTO inbox_message (brand_account_id, case_id, stream, canonical_id, remote_id, thread_id,
            parent_remote_id, direction, visibility, identity_id, text, network_time, received_at, hidden, history,
            permalink, attachments, can_reply, reply_ref, language, needs_answer, flags, historical, raw, search)
        SELECT c.brand_account_id, c.id, 'mentions', 'l' || c.id || '-' || i, 'l' || c.id || '-' || i, c.thread_id, '',
            CASE WHEN i %% 3 = 0 THEN 'out' ELSE 'in' END, c.visibility,
            CASE WHEN i %% 3 <> 0 THEN c.identity_id END, s.text, c.opened_at + i * interval '1 minute',
            c.created_at + i * interval '1 minute', false, '[]', '', '[]', true, '{}', 'en', true, '[]', false, '{}',
            to_tsvector('simple', s.text)
        FROM inbox_case c CROSS JOIN generate_series(1, 29) AS i
        JOIN bench_sentence s ON s.id = 1 + (c.id + i) %% %(sentences)s
        WHERE c.closed_at IS NULL AND c.visibility = 'public' AND c.id > %(cases)s - 400
    """,
}  # fmt: skip


def fill_database(cases: int, say: Callable[[str], None]) -> None:
    """Fill the database; `say` receives one line per step with its seconds."""
    now = timezone.now().replace(microsecond=0)
    customers = max(cases // 3, 10)
    parameters: dict[str, Any] = {
        "now": now, "cases": cases, "customers": customers, "agents": AGENTS, "vocabulary": VOCABULARY,
        "sentences": SENTENCES,
    }  # fmt: skip
    with transaction.atomic():
        _create_people(now)
        _create_word_tables()
        rebuild = _drop_indexes()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
            cursor.execute("SET LOCAL work_mem = '128MB'")
            # The cases bear what it would note; for each of a million messages it would read a table without indexes.
            cursor.execute("ALTER TABLE inbox_message DISABLE TRIGGER inbox_message_added")
            cursor.execute("SELECT setseed(0.42)")
            for step, statement in _STATEMENTS.items():
                started = time.monotonic()
                cursor.execute(statement, parameters)
                say(f"{step}: {cursor.rowcount:,} rows in {time.monotonic() - started:.1f} s")
                if step in ("answers", "events"):
                    _reset_sequences()
            # Postgres cannot build indexes while constraint checks are pending.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE inbox_message ENABLE TRIGGER inbox_message_added")
            for definition in rebuild:
                started = time.monotonic()
                cursor.execute(definition)
                say(f"{definition.split(' ON ')[0].lower()}: {time.monotonic() - started:.1f} s")
    _reset_sequences()
    counts.fold_case_counts()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_word, bench_sentence, bench_department, bench_brand, bench_agent")
        cursor.execute("VACUUM ANALYZE")


def _create_people(now: dt.datetime) -> None:
    departments = [
        Department.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "position": n})[0]
        for n, slug in enumerate(DEPARTMENTS)
    ]
    brands = [
        BrandAccount.objects.create(
            network="x" if n % 2 else "facebook",
            remote_id=str(n),
            handle=f"brand{n}",
            connected_at=now,
            answers_until=now + dt.timedelta(days=365),
        )
        for n in range(1, 9)
    ]
    password = make_password(PASSWORD)
    agents = [
        User(
            username=f"agent{n}",
            email=f"agent{n}@example.com",
            password=password,
            role=Role.AGENT,
            initials="AG",
        )
        for n in range(AGENTS)
    ]
    User.objects.bulk_create(agents)
    Membership.objects.bulk_create(
        Membership(user=agent, department=departments[n % len(departments)]) for n, agent in enumerate(agents)
    )
    BrandAccountGrant.objects.bulk_create(
        BrandAccountGrant(user=agent, brand_account=brand, can_publish=True)
        for agent in agents
        for brand in brands
    )
    _create_number_tables(departments, agents, brands)


def _create_number_tables(
    departments: list[Department], agents: list[User], brands: list[BrandAccount]
) -> None:
    """Create tables that number departments, agents and brand accounts from 1.

    The statements join them to generated rows by these numbers.
    """
    with connection.cursor() as cursor:
        for name, rows in (("department", departments), ("agent", agents)):
            cursor.execute(f"CREATE TABLE bench_{name} (n int PRIMARY KEY, id bigint)")  # noqa: S608
            cursor.executemany(
                f"INSERT INTO bench_{name} VALUES (%s, %s)",  # noqa: S608
                [(n, row.pk) for n, row in enumerate(rows, 1)],
            )
        cursor.execute("CREATE TABLE bench_brand (n int PRIMARY KEY, id bigint, network text)")
        cursor.executemany(
            "INSERT INTO bench_brand VALUES (%s, %s, %s)",
            [(n, row.pk, row.network) for n, row in enumerate(brands, 1)],
        )


def _create_word_tables() -> None:
    draw = random.Random(11)
    words = vocabulary()
    weights = [1 / (rank + 2) for rank in range(len(words))]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_word (id int PRIMARY KEY, word text)")
        cursor.execute("CREATE TABLE bench_sentence (id int PRIMARY KEY, text text)")
        with cursor.copy("COPY bench_word FROM STDIN") as copy:
            for n, word in enumerate(words, 1):
                copy.write_row((n, word))
        with cursor.copy("COPY bench_sentence FROM STDIN") as copy:
            for n in range(1, SENTENCES + 1):
                copy.write_row(
                    (n, " ".join(draw.choices(words, weights, k=draw.randint(6, 30))).capitalize() + ".")
                )


def _drop_indexes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [_TABLES])
        rows = cursor.fetchall()
        for name, _definition, _table in rows:
            cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition, _table in rows]


def _reset_sequences() -> None:
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
            )
