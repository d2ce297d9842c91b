"""A lock that somebody holds, a statement that takes too long: who acts is told, and nobody else waits."""

from __future__ import annotations

import concurrent.futures
import contextlib
import time
from urllib.parse import urlencode

import environ
import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connections
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts.models import Role
from config.databases import build_database_settings, limit_time_of_tasks
from config.middleware import BusyDatabaseMiddleware
from config.testing.quick import choose_size
from inbox.models import CaseEvent, Verb
from postgres.time_limits import PAGE_LIMITS, TASK_LIMITS
from tests.config.web_server import database_url, serve
from tests.factories import CaseFactory, DepartmentFactory, UserFactory

TOKEN = "a" * 32
HELD_SECONDS = choose_size(6, full=60)


def cookie(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}; csrftoken={TOKEN}"


def post(server, path, user_cookie, **fields):
    """Status, text and seconds of one form."""
    began = time.monotonic()
    status, _, content = server.ask(
        path,
        "POST",
        urlencode({"csrfmiddlewaretoken": TOKEN, **fields}).encode(),
        timeout=30,
        Cookie=user_cookie,
        Content_Type="application/x-www-form-urlencoded",
    )
    return status, content.decode(), time.monotonic() - began


@contextlib.contextmanager
def locked(table, pk):
    """A row that a transaction has locked which does nothing else."""
    with psycopg.connect(database_url()) as holder:
        holder.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [pk])
        yield


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestARowThatSomebodyHolds:
    @pytest.fixture
    def server(self, tmp_path):
        with serve(tmp_path) as running:
            yield running

    def test_keeps_nobody_elses_page_and_says_so_to_who_acts(self, server):
        billing = DepartmentFactory()
        people = [cookie(UserFactory(departments=[billing], role=Role.AGENT)) for _ in range(5)]
        case, other = CaseFactory(department=billing), CaseFactory(department=billing)
        pages = ["/notices/", "/", f"/cases/{case.pk}/", f"/cases/{other.pk}/"]
        for path in pages:
            server.ask(path, Cookie=people[4])
        usual = max(server.seconds(path, Cookie=people[4]) for path in pages)
        note = f"/cases/{case.pk}/note/"
        with locked("inbox_case", case.pk), concurrent.futures.ThreadPoolExecutor(4) as acting:
            until = time.monotonic() + HELD_SECONDS

            def act(user_cookie):
                answers = []
                while time.monotonic() < until:
                    answers.append(post(server, note, user_cookie, note="Call her back & say sorry"))
                    # As quick as a person is who tries again at once.
                    time.sleep(0.4)
                return answers

            acts = [acting.submit(act, user_cookie) for user_cookie in people[:4]]
            time.sleep(0.5)
            took = []
            while time.monotonic() < until:
                took += [server.seconds(path, Cookie=people[4]) for path in pages]
            answers = [answer for act in acts for answer in act.result()]

        print(f"longest of {len(took)} pages: {max(took):.2f} s; {len(answers)} acts were refused")
        # Besides what a page takes on this machine, and while four others are being answered.
        assert max(took) <= 2 + 8 * usual
        assert {status for status, _, _ in answers} == {409}
        assert all("Being changed by somebody else" in text for _, text, _ in answers)
        assert all("Call her back &amp; say sorry" in text for _, text, _ in answers)
        assert CaseEvent.objects.filter(verb=Verb.NOTED).count() == 0
        assert post(server, note, people[0], note="Call her back")[0] == 302
        assert CaseEvent.objects.filter(verb=Verb.NOTED).count() == 1

    def test_is_said_where_no_case_is_shown_too(self, server):
        user = UserFactory(departments=[DepartmentFactory()], role=Role.AGENT)
        signed_in = cookie(user)
        with locked("accounts_user", user.pk):
            status, text, seconds = post(server, "/presence/set/", signed_in, to="away")
        assert (status, seconds < 3) == (409, True), text
        assert "This is being changed by somebody else" in text

    def test_keeps_a_persons_own_pages_from_nobody(self, server):
        user = UserFactory(departments=[DepartmentFactory()], role=Role.AGENT, last_seen_at=None)
        signed_in = cookie(user)
        with locked("accounts_user", user.pk):
            assert server.seconds("/", Cookie=signed_in) < 3


class TestLimits:
    def env(self, **values):
        env = environ.Env()
        env.ENVIRON = values
        return env

    def options(self, **values):
        built = build_database_settings(self.env(**values), "postgres://someone@localhost/db")
        return built["OPTIONS"].get("options", "")

    def test_are_those_of_pages_in_web_processes_only(self):
        assert self.options(DATABASE_POOL="1") == PAGE_LIMITS.as_options()
        assert self.options() == ""

    def test_are_left_to_the_role_behind_a_pooler(self):
        assert self.options(DATABASE_POOL="1", DATABASE_TRANSACTION_POOLER="1") == ""

    def test_of_the_address_count_more(self):
        url = "postgres://someone@localhost/db?options=-c%20lock_timeout%3D9000"
        built = build_database_settings(self.env(DATABASE_POOL="1"), url)
        assert built["OPTIONS"]["options"] == f"{PAGE_LIMITS.as_options()} -c lock_timeout=9000"

    def test_of_a_worker_are_longer(self, monkeypatch):
        database = {"OPTIONS": {}}
        monkeypatch.setitem(connections.settings, "default", database)
        limit_time_of_tasks()
        assert database["OPTIONS"]["options"] == TASK_LIMITS.as_options()
        assert TASK_LIMITS.lock < settings.POLL_LEASE_SECONDS
        assert TASK_LIMITS.lock < settings.OUTBOX_LEASE_SECONDS

    @pytest.mark.django_db
    def test_reach_postgres(self):
        with psycopg.connect(database_url(), options=PAGE_LIMITS.as_options()) as connection:
            shown = [
                connection.execute(f"SHOW {name}").fetchone()[0]
                for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            ]
        assert shown == ["15s", "500ms", "15s"]


class TestTheMiddleware:
    def answer(self, cause):
        error = OperationalError("canceled")
        error.__cause__ = cause
        handler = BusyDatabaseMiddleware(lambda request: HttpResponse())
        return handler.process_exception(RequestFactory().get("/"), error)

    def test_says_that_a_statement_took_too_long(self):
        response = self.answer(psycopg.errors.QueryCanceled())
        assert response.status_code == 503
        assert "That took too long" in response.content.decode()

    def test_leaves_other_errors_alone(self):
        assert self.answer(psycopg.errors.AdminShutdown()) is None
        assert self.answer(None) is None
