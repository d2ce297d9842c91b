"""Who has a case open and who writes there: live, short-lived, and only for those who may read the case."""

from __future__ import annotations

import time

import orjson
import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from inbox.live import here, publish
from inbox.live.broker import breaker
from inbox.live.hub import Audience, Listener, _offer
from inbox.visibility import case_scope
from tests.factories import CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_anywhere():
    publish.redis_client().delete(here._KEY)
    here.forget_people()
    yield
    publish.redis_client().delete(here._KEY)
    here.forget_people()


@pytest.fixture
def billing():
    return DepartmentFactory()


@pytest.fixture
def case(billing):
    return CaseFactory(department=billing)


def agent(department, first, last):
    return UserFactory(departments=[department], role=Role.AGENT, first_name=first, last_name=last)


def sign(user, case, page="wrenspage1", *, rows=(), **fields):
    """Give the sign of an open page; return who else is there, by case."""
    data = {"page": page, "case": case.pk if case else "", "rows": ",".join(str(row.pk) for row in rows)}
    answer = signed_in(user).post(reverse("inbox:here"), data | fields)
    assert answer.status_code == 200
    body = answer.json()
    return {int(pk): words["short"] for pk, words in body["people"].items()} if body["is_known"] else None


def test_a_colleague_is_shown_where_they_look_and_where_they_write(billing, case):
    wren, sana = agent(billing, "Wren", "Okafor"), agent(billing, "Sana", "Whitlock")

    assert sign(wren, case) == {}
    assert sign(sana, None, "sanaspage1", rows=[case]) == {case.pk: "Wren is here"}
    sign(wren, case, writes="1")
    assert sign(sana, case, "sanaspage1") == {case.pk: "Wren writes"}
    page = signed_in(sana).get(reverse("inbox:case", args=[case.pk])).content.decode()
    assert "Wren Okafor has been writing an answer since" in page
    here.forget_people()
    rows = signed_in(sana).get(reverse("inbox:queue")).content.decode()
    assert '<span class="here writes" title="Wren Okafor is writing an answer">Wren writes</span>' in rows
    assert (
        "has been writing" not in signed_in(wren).get(reverse("inbox:case", args=[case.pk])).content.decode()
    )


def test_a_page_is_in_one_case_and_a_person_stays_for_their_last_page(billing, case):
    wren, sana, other = (
        agent(billing, "Wren", "O"),
        agent(billing, "Sana", "W"),
        CaseFactory(department=billing),
    )
    sign(wren, case, "wrenspage1")
    sign(wren, case, "wrenspage2")

    sign(wren, other, "wrenspage1")
    assert sign(sana, None, "sanaspage1", rows=[case, other]) == {
        case.pk: "Wren is here",
        other.pk: "Wren is here",
    }
    sign(wren, None, "wrenspage2")
    assert sign(sana, None, "sanaspage1", rows=[case, other]) == {other.pk: "Wren is here"}


def test_a_killed_browser_is_forgotten(billing, case, monkeypatch):
    sign(agent(billing, "Wren", "O"), case, writes="1")
    sana, now = agent(billing, "Sana", "W"), time.time()

    monkeypatch.setattr(here.time, "time", lambda: now + here.KEEP - 5)
    assert sign(sana, None, "sanaspage1", rows=[case]) == {case.pk: "Wren writes"}
    monkeypatch.setattr(here.time, "time", lambda: now + here.KEEP + 1)
    assert sign(sana, None, "sanaspage1", rows=[case]) == {}


def test_only_those_who_may_read_the_case_are_told(billing, case):
    wren, stranger = agent(billing, "Wren", "O"), agent(DepartmentFactory(), "Ada", "Z")
    sign(wren, case)

    assert sign(stranger, case, "strangers1", rows=[case]) == {}
    assert sign(wren, None, "wrenspage2", rows=[case]) == {}
    assert here.list_people(case.pk, fresh=True)[0][1] == "Wren O", "nobody else is noted there"
    listeners = [
        Listener(Audience(case_scope(user), user.pk)) for user in (agent(billing, "Sana", "W"), stranger)
    ]
    row = [case.pk, case.department_id, case.brand_account_id, case.visibility, here.list_people(case.pk)]
    _offer(listeners, publish.PEOPLE_CHANNEL.encode(), orjson.loads(orjson.dumps(row)))
    told, untold = (listener.pop_events() for listener in listeners)
    assert told.startswith(b"event: people\ndata: {") and b"Wren is here" in told and untold == b""


def test_a_sign_is_published_only_when_something_changed(billing, case, monkeypatch):
    published = []
    monkeypatch.setattr(
        here, "publish_people", lambda change, people: published.append((change.case_id, len(people)))
    )
    wren, other = agent(billing, "Wren", "O"), CaseFactory(department=billing)

    for place in (case, case, case, other, None, None):
        sign(wren, place)

    assert published == [(case.pk, 1), (case.pk, 0), (other.pk, 1), (other.pk, 0)]


def test_a_sign_writes_nothing_to_the_database(billing, case):
    wren = agent(billing, "Wren", "O")
    client, data = signed_in(wren), {"page": "wrenspage1", "case": case.pk, "rows": str(case.pk)}
    client.post(reverse("inbox:here"), data)
    with CaptureQueriesContext(connection) as captured:
        client.post(reverse("inbox:here"), data)

    assert len(captured) <= 3
    assert [query["sql"] for query in captured if not query["sql"].startswith(("SELECT", "\nSELECT"))] == []


def test_without_redis_nothing_is_said(billing, case, monkeypatch):
    wren, sana = agent(billing, "Wren", "O"), agent(billing, "Sana", "W")
    sign(wren, case, writes="1")

    def away(*_args, **_keywords):
        raise redis.ConnectionError

    for action in ("hgetall", "hget", "pipeline"):
        monkeypatch.setattr(publish.redis_client(), action, away)
    try:
        here.forget_people()
        assert sign(sana, case, "sanaspage1", rows=[case]) is None
        page = signed_in(sana).get(reverse("inbox:case", args=[case.pk])).content.decode()
        assert "writing an answer" not in page and "Wren writes" not in page
    finally:
        breaker.reset()


@pytest.mark.parametrize("fields", [{"page": "<b>"}, {"page": ""}, {"page": "a" * 50}])
def test_a_page_without_a_name_is_refused(billing, fields):
    assert signed_in(agent(billing, "Wren", "O")).post(reverse("inbox:here"), fields).status_code == 404


@pytest.mark.parametrize("fields", [{"case": "9" * 30}, {"case": "x", "rows": "1,;"}, {"rows": "1," * 300}])
def test_what_cannot_be_read_is_no_case(billing, fields):
    assert signed_in(agent(billing, "Wren", "O")).post(reverse("inbox:here"), {"page": "wrenspage1"} | fields).json() == {
        "is_known": True, "people": {},
    }  # fmt: skip
