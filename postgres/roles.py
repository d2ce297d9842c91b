"""Two roles for one database: one owns the tables and migrates them, the application's only reads and writes rows.

A role that owns nothing cannot drop a table, empty it or switch its triggers off, whatever statement reaches it.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg import sql

#: Which of UPDATE (16) and DELETE (8) a row trigger of this function refuses, for each table.
_GUARDED = """
SELECT tgrelid::regclass::text, bit_or(tgtype) & 16 <> 0, bit_or(tgtype) & 8 <> 0
FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 1 = 1 AND tgfoid = to_regproc(%s) GROUP BY 1 ORDER BY 1
"""


def current_role() -> str:
    """Return the name of our role at the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def may_rewrite_tables(role: str) -> bool:
    """Return whether a role may change tables.

    It is a superuser, or owns a table, itself or as a member of its owner.
    """
    statement = """
    SELECT EXISTS (SELECT FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
      AND pg_has_role(%(role)s, relowner, 'MEMBER'))
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"role": role})
        return bool(cursor.fetchone()[0])


def create_role(role: str, password: str) -> bool:
    """Create a role that may sign in, unless there is one.

    Returns whether it was created. The password leaves this process only as a hash.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        if cursor.rowcount:
            return False
        _run(cursor, "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE", role=role)
        if password:
            encrypted = connection.connection.pgconn.encrypt_password(
                password.encode(), role.encode(), b"scram-sha-256"
            )
            statement = sql.SQL("ALTER ROLE {role} PASSWORD {password}").format(
                role=sql.Identifier(role), password=sql.Literal(encrypted.decode())
            )
            cursor.execute(statement)
    return True


def grant_rows(role: str, *, guard: str, read_only: str) -> None:
    """Let a role read and write rows, and nothing else.

    Where triggers of the function `guard` refuse UPDATE or DELETE, the role does not get these rights either. Of the
    table `read_only` it gets none but to read.
    """
    with connection.cursor() as cursor:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ):
            _run(cursor, statement, role=role)
        _run(cursor, "REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}", role=role, table=read_only)
        cursor.execute(_GUARDED, [guard])
        for table, keeps_values, keeps_rows in cursor.fetchall():
            if keeps_values:
                _run(cursor, "REVOKE UPDATE ON {table} FROM {role}", role=role, table=table)
            if keeps_rows:
                _run(cursor, "REVOKE DELETE ON {table} FROM {role}", role=role, table=table)


def _run(cursor: Any, statement: str, **names: str) -> None:
    identifiers = {key: sql.Identifier(name) for key, name in names.items()}
    cursor.execute(sql.SQL(statement).format(**identifiers))
