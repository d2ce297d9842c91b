"""Drawings kept by their numbers: never another reader's, never those of before a change, never more than memory allows."""

from __future__ import annotations

import datetime as dt
import pickle

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from reports.dashboards import drawings
from reports.dashboards.boards import BOARDS
from reports.dashboards.drawings import draw
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import signed_in

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def write(account, department, ago, answered_after=None):
    """A customer writes, and perhaps we answer."""
    when = NOW - ago
    case = CaseFactory(brand_account=account, department=department, created_at=when, activity_at=when)
    MessageFactory(case=case, network_time=when, received_at=when, needs_answer=True)
    if answered_after is not None:
        sent = when + answered_after
        MessageFactory(case=case, direction="out", network_time=sent, received_at=sent)
    return case


_made = []


def build_load(row, title):
    _made.append(title)
    return {"row": {"open": row, "limit": row}}


def test_a_drawing_is_made_once_for_equal_numbers_and_of_nothing_else():
    _made.clear()
    first = draw("reports/_load.html", build_load, 3, "Mon")
    assert "3 of 3" in first and draw("reports/_load.html", build_load, 3, "Mon") == first
    assert "4 of 4" in draw("reports/_load.html", build_load, 4, "Mon")
    assert "&lt;b&gt; of" in draw("reports/_load.html", build_load, "<b>", "Mon")
    draw("reports/_load.html", build_load, 3, "Tue")
    assert _made == ["Mon", "Mon", "Mon", "Tue"]
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        draw("reports/_load.html", lambda row: {"row": row}, 3)


def test_memory_is_bounded(monkeypatch):
    kept = drawings._Drawings()
    monkeypatch.setattr(drawings, "_MOST_LETTERS", 100)
    for n in range(9):
        kept.keep(b"%d" % n, drawings.SafeString("x" * 30))
        kept.find(b"0")
    assert [n for n in range(9) if kept.find(b"%d" % n)] == [0, 7, 8], "what is asked for stays"


def boards_of(browser):
    """Return what each board shows below its filters, where forms have a token of their own."""
    shown = {}
    for board in BOARDS.values():
        page = browser.get(reverse(board.url_name), {"period": "last-8-weeks"}).content.decode()
        shown[board.name] = page[page.index('<p class="scope">') : page.index("</main>")]
    return shown


@pytest.mark.slow
@pytest.mark.django_db
def test_readers_at_one_address_see_their_own_numbers_and_changes_within_the_minute():
    account = BrandAccountFactory()
    departments = DepartmentFactory(name="Repairs"), DepartmentFactory(name="Invoices")
    one, other = (signed_in(UserFactory(role=Role.MANAGER, departments=[each])) for each in departments)
    with time_machine.travel(NOW, tick=False):
        for n in range(6):
            write(account, departments[0], (n + 1) * DAY, answered_after=dt.timedelta(minutes=20))
        write(account, departments[1], dt.timedelta(hours=2))
        seen, others = boards_of(one), boards_of(other)
        assert (boards_of(one), boards_of(other)) == (seen, others), "kept, and the same"
        assert not any("Invoices" in page for page in seen.values())
        assert not any("Repairs" in page for page in others.values())
        assert ">6</a>" in seen["response"] and ">6</a>" not in others["response"]
        write(account, departments[0], dt.timedelta(hours=1))
        write(account, departments[0], 2 * DAY, answered_after=dt.timedelta(minutes=5))
        after = boards_of(one)
        changed = {name for name in seen if seen[name] != after[name]}
        assert changed >= {"response", "today", "outcomes", "brand-accounts"}
        assert boards_of(other) == others, "a change reaches those who may read it, and nobody else"
