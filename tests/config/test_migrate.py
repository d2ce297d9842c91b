"""`manage.py migrate` as the owner of the tables, and what is left to the role of the application."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, IntegrityConstraintViolation

ROOT = Path(__file__).resolve().parents[2]
OWNER = os.environ["DATABASE_URL"]
pytestmark = pytest.mark.slow


def url(database, user=None):
    parts = urlsplit(OWNER)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{user}:pass%2Fword@{host}" if user else parts.netloc
    return urlunsplit(parts._replace(path=f"/{database}", netloc=netloc))


def migrate(database, user, **environment):
    env = {
        **os.environ,
        "DATABASE_URL": url(database, user),
        "MIGRATION_DATABASE_URL": url(database),
        "PYTHONWARNINGS": "",
        **environment,
    }
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def names():
    """A new database, migrated, and the role of its application."""
    database, user = f"roles_{os.getpid()}_{secrets.token_hex(3)}", f"app_{secrets.token_hex(4)}"
    with psycopg.connect(OWNER, autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {database}")
    done = migrate(database, user)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"“{user}” may read and write rows, and owns nothing." in done.stdout
    yield database, user
    with psycopg.connect(OWNER, autocommit=True) as owner:
        owner.execute(f"DROP DATABASE {database} WITH (FORCE)")
        owner.execute(f"DROP ROLE {user}")


@pytest.fixture
def application(names):
    with psycopg.connect(url(*names), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE inbox_caseevent CASCADE",
        "ALTER TABLE inbox_custody DISABLE TRIGGER ALL",
        "ALTER TABLE accounts_auditentry DISABLE TRIGGER accounts_auditentry_kept",
        "DROP TRIGGER inbox_decision_kept ON inbox_decision",
        "DROP TABLE accounts_auditentry",
        "CREATE TABLE mine (word text)",
        "CREATE OR REPLACE FUNCTION accounts_keep_history() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        "UPDATE inbox_caseevent SET data = '{}'",
        "DELETE FROM inbox_messagecorrection",
        "DELETE FROM inbox_decision",
        "DELETE FROM accounts_auditentry",
        "UPDATE accounts_auditentry SET actor_name = 'Somebody else'",
        "DELETE FROM django_migrations",
    ],
)
def test_the_application_may_not(application, statement):
    with pytest.raises(InsufficientPrivilege):
        application.execute(statement)


def test_the_application_writes_history_and_cannot_open_it(application):
    application.execute(
        "INSERT INTO accounts_auditentry (at, actor_name, kind, verb, about, changes, address, department_ids) "
        "VALUES (now(), 'Ann', 'people', 'people.added', '', '[]', '', '{}')"
    )
    with application.transaction(), pytest.raises(InsufficientPrivilege):
        application.execute("SET LOCAL horseshoe.history = 'open'")
        application.execute("DELETE FROM accounts_auditentry")


def test_what_the_owner_forgot_to_take_away_the_guard_refuses(names, application):
    database, user = names
    with psycopg.connect(url(database), autocommit=True) as owner:
        owner.execute(f"GRANT UPDATE, DELETE ON accounts_auditentry TO {user}")
        owner.execute(
            "INSERT INTO accounts_auditentry (at, actor_name, kind, verb, about, changes, address, department_ids) "
            "VALUES (now(), 'Ann', 'people', 'people.added', '', '[]', '', '{}')"
        )
        with application.transaction(), pytest.raises(IntegrityConstraintViolation):
            application.execute("SET LOCAL horseshoe.history = 'open'")
            application.execute("DELETE FROM accounts_auditentry")
        assert migrate(database, user).returncode == 0
    with pytest.raises(InsufficientPrivilege):
        application.execute("DELETE FROM accounts_auditentry")


def test_the_password_is_stored_as_a_hash_that_fits(names):
    with psycopg.connect(OWNER) as owner:
        (stored,) = owner.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [names[1]]
        ).fetchone()
    assert stored.startswith("SCRAM-SHA-256$")
    assert "pass/word" not in stored


def test_a_role_that_owns_the_tables_is_refused(names):
    database, user = names
    other = f"owning_{secrets.token_hex(4)}"
    with psycopg.connect(OWNER, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {other} SUPERUSER LOGIN")
    try:
        done = migrate(database, other)
    finally:
        with psycopg.connect(OWNER, autocommit=True) as owner:
            owner.execute(f"DROP ROLE {other}")
    assert done.returncode == 1
    assert "it could rewrite history" in done.stderr


def test_without_a_second_address_nothing_is_granted(names):
    done = migrate(names[0], names[1], MIGRATION_DATABASE_URL="", DATABASE_URL=url(names[0]))
    assert (done.returncode, done.stdout) == (0, "")
