"""The live stream: who hears of what, how often, and what ends it."""

from __future__ import annotations

import asyncio

import orjson
import pytest
import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import AsyncClient

from accounts.models import BrandAccountGrant, Role, User
from accounts.people import verbs
from inbox.live import hub, stream
from inbox.live.broker import breaker
from inbox.live.hub import Audience, Hub, Listener
from inbox.live.publish import CASES_CHANNEL, CaseChange, publish_cases, publish_watches_on_commit
from inbox.models import Watch
from inbox.notices import watches
from inbox.visibility import OwnIdSets, role_scope
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory


def scope_of(role, departments=(), brands=()):
    return role_scope(role, OwnIdSets(frozenset(departments), frozenset(brands)))


def change(case=1, department=1, brand=1, visibility="public", came_from=None):
    return CaseChange(case, department, brand, visibility, came_from)


class TestWhoHears:
    @pytest.mark.parametrize(
        ("role", "departments", "brands", "hears"),
        [
            (Role.ADMINISTRATOR, {}, {}, [True, False, True]),
            (Role.MANAGER, {1}, {}, [True, True, False]),
            (Role.AGENT, {1}, {}, [True, True, False]),
            (Role.AGENT, {}, {1}, [False, False, False]),
            (Role.COMMUNITY, {}, {1}, [True, True, True]),
            (Role.COMMUNITY, {1}, {2}, [False, False, False]),
            (Role.ANALYST, {1}, {}, [True, False, False]),
        ],
    )
    def test_as_in_the_table(self, role, departments, brands, hears):
        audience = Audience(scope_of(role, departments, brands))
        changes = [change(), change(visibility="direct"), change(department=2)]

        assert [audience.may_hear_of(one) for one in changes] == hears

    def test_a_case_that_left_the_department_is_still_news_there(self):
        audience = Audience(scope_of(Role.AGENT, {1}))

        assert audience.may_hear_of(change(department=2, came_from=1))

    @pytest.mark.parametrize("role", [Role.AGENT, Role.MANAGER, Role.COMMUNITY, Role.ANALYST])
    def test_a_watched_case_is_news_wherever_it_is_while_it_is_public(self, role):
        audience = Audience(scope_of(role), 1, frozenset({5}))
        changes = [change(case=5), change(case=5, visibility="direct"), change(case=6)]

        assert [audience.may_hear_of(one) for one in changes] == [True, False, False]


class TestOneEvent:
    def test_names_each_case_once(self):
        listener = Listener(Audience(scope_of(Role.ADMINISTRATOR)))
        listener.offer([change(case=7), change(case=3)])
        listener.offer([change(case=7)])

        assert listener.pop_events() == b"event: cases\ndata: [3,7]\n\n"
        assert not listener.pending

    def test_is_bounded_however_much_happened(self):
        listener = Listener(Audience(scope_of(Role.ADMINISTRATOR)))
        listener.offer([change(case=n) for n in range(5000)])

        assert listener.pop_events() == b"event: cases\ndata: []\n\n"


@pytest.mark.parametrize("turns", range(5))
def test_a_page_that_leaves_while_an_event_arrives_ends_its_stream(turns):
    """Or the stream goes on for nobody, and the person counts as being at work."""

    async def story():
        listener = Listener(Audience(scope_of(Role.ADMINISTRATOR)))

        async def read():
            async for _ in stream.stream_events(listener, lambda: listener.audience):
                listener.woken.clear()

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        listener.offer([change()])
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading], timeout=1)
        return reading.cancelled()

    assert run_to_end(story())


@pytest.fixture
def cast(transactional_db):
    billing = DepartmentFactory()
    return billing, UserFactory(departments=[billing], role=Role.AGENT)


def run_to_end(story):
    """Run a coroutine; the thread that it asked the database from keeps no connection to it."""

    async def run_and_close():
        try:
            return await story
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(run_and_close())


async def opened(user):
    """The stream of a signed-in user, its first bytes read."""
    client = AsyncClient()
    await client.aforce_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = await client.get("/live/")
    assert response.status_code == 200
    chunks = aiter(response.streaming_content)
    assert (await anext(chunks)).startswith(b"retry:")
    return client, chunks


async def next_event(chunks, seconds=20):
    async with asyncio.timeout(seconds):
        async for chunk in chunks:
            if b"event: cases" in chunk:
                return orjson.loads(chunk.split(b"event: cases\ndata: ")[1].split(b"\n")[0])
    return None


@pytest.mark.django_db(transaction=True)
class TestTheStream:
    @pytest.mark.slow
    def test_tells_of_a_commit_at_once_and_then_coalesces(self, cast, monkeypatch):
        billing, agent = cast
        monkeypatch.setattr(stream, "COALESCE", 3600)

        async def story():
            client, chunks = await opened(agent)
            await sync_to_async(publish_cases)([change(case=5, department=billing.pk)])
            first = await next_event(chunks)
            # Longer than a busy machine takes to hear of three changes.
            stream.COALESCE = 1
            for case in (6, 7, 8):
                await sync_to_async(publish_cases)([change(case=case, department=billing.pk)])
            return first, await next_event(chunks)

        assert run_to_end(story()) == ([5], [6, 7, 8])

    def test_says_nothing_of_other_departments(self, cast):
        billing, agent = cast
        other = DepartmentFactory()

        async def story():
            _client, chunks = await opened(agent)
            await sync_to_async(publish_cases)([change(case=5, department=other.pk)])
            await sync_to_async(publish_cases)([change(case=6, department=billing.pk)])
            return await next_event(chunks)

        assert run_to_end(story()) == [6]

    def test_ends_when_the_reader_may_no_longer_read(self, cast, monkeypatch):
        _billing, agent = cast
        monkeypatch.setattr(stream, "RECHECK", 0.0)
        monkeypatch.setattr(stream, "HEARTBEAT", 0.05)

        async def story():
            _client, chunks = await opened(agent)
            await type(agent).objects.filter(pk=agent.pk).aupdate(is_active=False)
            return [chunk async for chunk in chunks if chunk.startswith(b"event")]

        assert run_to_end(asyncio.wait_for(story(), 20)) == []

    @pytest.mark.parametrize("how", ["signed out everywhere", "another role"])
    def test_ends_at_once_for_who_is_signed_out_everywhere(self, cast, how):
        billing, agent = cast

        def sign_out():
            person = User.objects.get(pk=agent.pk)
            if how == "another role":
                person.role = Role.ANALYST
                verbs.save_user(person, [billing], {})
            else:
                verbs.end_sessions(person)
            publish_cases([change(case=5, department=billing.pk)])

        async def story():
            _client, chunks = await opened(agent)
            await sync_to_async(sign_out)()
            return [chunk async for chunk in chunks if chunk.startswith(b"event")]

        # Well before the next check of authority, and the last minute is not counted as presence.
        assert run_to_end(asyncio.wait_for(story(), 20)) == []

    def test_is_no_sign_of_life_of_who_is_signed_out_everywhere(self, cast, monkeypatch):
        _billing, agent = cast
        monkeypatch.setattr(stream, "RECHECK", 0.0)
        monkeypatch.setattr(stream, "HEARTBEAT", 0.05)

        async def story():
            _client, chunks = await opened(agent)
            # As another process may do it whose message was lost.
            await User.objects.filter(pk=agent.pk).aupdate(session_epoch=9, last_seen_at=None)
            return [chunk async for chunk in chunks if chunk.startswith(b"event")]

        assert run_to_end(asyncio.wait_for(story(), 20)) == []
        assert User.objects.get(pk=agent.pk).last_seen_at is None

    def test_hears_of_a_brand_account_granted_meanwhile(self, transactional_db, monkeypatch):
        monkeypatch.setattr(stream, "RECHECK", 0.0)
        monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
        user, brand = UserFactory(role=Role.COMMUNITY), BrandAccountFactory()

        async def story():
            _client, chunks = await opened(user)
            await BrandAccountGrant.objects.acreate(user=user, brand_account=brand)
            await anext(chunks)
            await anext(chunks)
            await sync_to_async(publish_cases)([change(case=9, brand=brand.pk)])
            return await next_event(chunks)

        assert run_to_end(story()) == [9]

    def test_ends_when_the_broker_is_lost(self, cast):
        _billing, agent = cast

        async def story():
            _client, chunks = await opened(agent)
            broker = redis.Redis.from_url(settings.REDIS_URL)
            mine = str(broker.connection_pool.connection_kwargs.get("db", 0))
            for one in broker.client_list(_type="pubsub"):
                if one["db"] == mine:  # what else listens belongs to tests that run beside this one
                    broker.client_kill_filter(_id=one["id"])
            return [chunk async for chunk in chunks if chunk.startswith(b"event")]

        assert run_to_end(asyncio.wait_for(story(), 20)) == []

    @pytest.mark.slow
    def test_hears_of_a_case_that_one_begins_to_watch_meanwhile_and_no_longer_after_it(self, cast):
        billing, agent = cast
        other = DepartmentFactory()
        theirs, direct = CaseFactory(department=other), CaseFactory(department=other, visibility="direct")
        for one in (theirs, direct):
            Watch.objects.create(user=agent, case=one, since=NOW, off=True)
        changes = [
            change(case=one.pk, department=other.pk, visibility=one.visibility) for one in (theirs, direct)
        ]

        def begins():
            Watch.objects.update(off=False)
            publish_watches_on_commit([agent.pk])

        async def story():
            _client, chunks = await opened(agent)
            await sync_to_async(publish_cases)(changes)
            await sync_to_async(begins)()
            heard = [await next_event(chunks)]
            await sync_to_async(publish_cases)(changes)
            heard.append(await next_event(chunks))
            await sync_to_async(watches.set_watching)(theirs.pk, agent, on=False, now=NOW)
            heard.append(await next_event(chunks))
            await sync_to_async(publish_cases)(changes)
            await sync_to_async(publish_cases)([change(case=9, department=billing.pk)])
            heard.append(await next_event(chunks))
            return heard

        assert run_to_end(story()) == [[], [theirs.pk], [], [9]]

    def test_a_page_hears_what_happened_since_it_was_drawn(self, transactional_db, monkeypatch):
        monkeypatch.setattr(hub, "GRACE", 0.0)
        manager = Audience(scope_of(Role.MANAGER, {1}))

        async def story():
            listeners, clock = Hub(), asyncio.get_running_loop().time
            earlier = await listeners.join(manager)
            drawn_at = clock()
            await asyncio.sleep(0.05)
            await sync_to_async(publish_cases)([change(case=5), change(case=6)])
            await asyncio.wait_for(earlier.woken.wait(), 20)
            await asyncio.sleep(0.05)
            listeners.leave(earlier)
            older = await listeners.join(manager, clock() - drawn_at)
            newer = await listeners.join(manager, 0.0)
            return older.pop_events(), newer.pop_events()

        assert run_to_end(story()) == (b"event: cases\ndata: [5,6]\n\n", b"")

    @pytest.mark.parametrize("age", ["3600000", "100", "minutes", "9" * 400])
    def test_a_page_older_than_what_is_remembered_reloads(self, cast, age):
        _, agent = cast

        async def story():
            client = AsyncClient()
            await client.aforce_login(agent, backend="django.contrib.auth.backends.ModelBackend")
            response = await client.get("/live/", {"age": age})
            return await anext(aiter(response.streaming_content))

        # Before it is told that it is listened to.
        told = run_to_end(story()).split(b"\n\n")
        assert told[1:] == [b"event: cases\ndata: []", b"event: ready\ndata: []", b""]

    def test_a_page_that_leaves_ends_no_subscription_that_another_waits_for(self, transactional_db):
        nobody = Audience(scope_of(Role.AGENT))

        async def story():
            listeners = Hub()
            first = await listeners.join(nobody)
            listeners.leave(first)
            joining = asyncio.create_task(listeners.join(nobody))
            await asyncio.sleep(0)
            listeners.leave(first)
            second = await asyncio.wait_for(joining, 20)
            listeners.leave(second)

        run_to_end(story())

    def test_needs_a_sign_in(self, client):
        assert client.get("/live/").status_code == 401

    @pytest.mark.slow
    def test_is_503_without_a_broker(self, cast, settings):
        _billing, agent = cast
        settings.REDIS_URL = "redis://127.0.0.1:1/0"

        async def story():
            client = AsyncClient()
            await client.aforce_login(agent, backend="django.contrib.auth.backends.ModelBackend")
            return (await client.get("/live/")).status_code

        assert run_to_end(story()) == 503


def test_a_lost_broker_does_not_stop_who_publishes(settings, caplog):
    from inbox.live import publish

    publish.redis_client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        publish_cases([change()])
    finally:
        publish.redis_client.cache_clear()
        breaker.reset()

    assert "Redis does not answer; going on without it" in caplog.text
    assert CASES_CHANNEL
