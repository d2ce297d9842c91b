"""Pages under ASGI: one thread answers one request, and the live stream does not wait for it."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.signals import request_finished
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import get_resolver, path
from django.urls.resolvers import URLPattern

from config.asgi import EVENT_LOOP_PATHS
from config.serving.pages import PageHandler

THREADS: list[str] = []


def who(request):
    THREADS.append(threading.current_thread().name)
    return HttpResponse(request.POST.get("said", "nothing"))


def slow(request):
    time.sleep(0.2)
    return HttpResponse("at last")


GO_ON = threading.Event()


def waiting(request):
    return HttpResponse("at last" if GO_ON.wait(20) else "nobody came")


def stream(request):
    name = threading.current_thread().name
    return StreamingHttpResponse(f"{part} {name == threading.current_thread().name}\n" for part in range(3))


def long(request):
    return StreamingHttpResponse(b"a" * 1_000_000 for _ in range(3))


def broken(request):
    raise RuntimeError("broken on purpose")


def cookie(request):
    response = HttpResponse(status=204, headers={"X-Said": "é"})
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


urlpatterns = [
    path("who/", who),
    path("slow/", slow),
    path("waiting/", waiting),
    path("stream/", stream),
    path("long/", long),
    path("broken/", broken),
    path("cookie/", cookie),
    path("reports/export/long.csv", waiting),
]
pytestmark = [
    pytest.mark.urls(__name__),
    pytest.mark.asyncio,
]


@pytest.fixture
def handler():
    with override_settings(MIDDLEWARE=[], DEBUG=False, ALLOWED_HOSTS=["*"]):
        yield PageHandler(threads=2)


async def ask(handler, address, body=b"", method="GET", sent=None, send=None):
    """What the application sends for one request."""
    sent = [] if sent is None else sent
    scope = {
        "type": "http", "method": method, "path": address, "raw_path": address.encode(), "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/x-www-form-urlencoded"),
                    (b"content-length", str(len(body)).encode())],
        "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    halves = [
        {"type": "http.request", "body": body[:3], "more_body": True},
        {"type": "http.request", "body": body[3:], "more_body": False},
    ]

    async def receive():
        return halves.pop(0) if halves else {"type": "http.disconnect"}

    async def keep(event):
        sent.append(event)

    await handler(scope, receive, send or keep)
    return sent


def body_of(events):
    return b"".join(event.get("body", b"") for event in events[1:])


async def test_the_whole_body_reaches_the_view(handler):
    events = await ask(handler, "/who/", b"said=hello+there", "POST")

    assert events[0]["status"] == 200
    assert body_of(events) == b"hello there"
    assert not events[-1].get("more_body")


async def test_a_pool_of_threads_answers(handler):
    THREADS.clear()
    await asyncio.gather(*(ask(handler, "/who/") for _ in range(20)))

    assert len(set(THREADS)) <= 2
    assert all(name.startswith("page") for name in THREADS)


async def test_a_long_export_keeps_no_page_waiting():
    GO_ON.clear()
    with override_settings(MIDDLEWARE=[], DEBUG=False, ALLOWED_HOSTS=["*"]):
        handler = PageHandler(threads=1)
        export = asyncio.create_task(ask(handler, "/reports/export/long.csv"))
        another = asyncio.create_task(ask(handler, "/reports/export/long.csv"))
        await asyncio.sleep(0)
        assert body_of(await ask(handler, "/who/")) == b"nothing"
        assert not export.done() and not another.done()
        GO_ON.set()
        assert body_of(await export) == body_of(await another) == b"at last"


async def test_the_loop_is_free_while_a_page_is_made(handler):
    GO_ON.clear()
    page = asyncio.create_task(ask(handler, "/waiting/"))
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert not page.done()
    GO_ON.set()

    assert body_of(await page) == b"at last"


async def test_more_requests_than_threads_wait_their_turn(handler):
    answers = await asyncio.gather(*(ask(handler, "/slow/") for _ in range(5)))

    assert [body_of(events) for events in answers] == [b"at last"] * 5


async def test_a_streamed_answer_is_made_in_one_thread(handler):
    events = await ask(handler, "/stream/")

    assert body_of(events) == b"0 True\n1 True\n2 True\n"


async def test_a_long_answer_leaves_in_parts_while_the_thread_is_free(handler):
    reads = asyncio.Event()
    sizes = []

    async def send(event):
        if event["type"] == "http.response.body":
            await reads.wait()
            sizes.append(len(event["body"]))

    clients = [asyncio.create_task(ask(handler, "/long/", send=send)) for _ in range(10)]
    # Nobody of ten has read anything, and there are two threads.
    assert body_of(await asyncio.wait_for(ask(handler, "/who/"), 10)) == b"nothing"
    reads.set()
    await asyncio.gather(*clients)

    assert sum(sizes) == 10 * 3_000_000
    assert max(sizes) <= 64 * 1024


async def test_an_error_is_an_answer_and_the_request_ends(handler):
    ended = []

    def note(**_):
        ended.append(threading.current_thread().name)

    request_finished.connect(note)
    try:
        events = await ask(handler, "/broken/")
    finally:
        request_finished.disconnect(note)

    assert events[0]["status"] == 500
    # In the thread that had the request's database connection, so that it goes back to the pool.
    assert len(ended) == 1
    assert ended[0].startswith("page")


async def test_headers_and_cookies_leave_as_they_were_set(handler):
    events = await ask(handler, "/cookie/")
    headers = events[0]["headers"]

    assert events[0]["status"] == 204
    assert (b"X-Said", "é".encode("latin-1")) in headers
    assert len([value for name, value in headers if name == b"Set-Cookie"]) == 2


async def test_who_went_away_before_the_body_came_is_not_answered(handler):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    await handler({"type": "http"}, receive, sent.append)

    assert sent == []


@pytest.mark.urls("config.urls")
async def test_every_asynchronous_view_runs_in_the_loop():
    def addresses(patterns, before="/"):
        for one in patterns:
            if isinstance(one, URLPattern):
                yield before + str(one.pattern), one.callback
            else:
                yield from addresses(one.url_patterns, before + str(one.pattern))

    asynchronous = {
        address for address, view in addresses(get_resolver().url_patterns) if iscoroutinefunction(view)
    }

    assert asynchronous
    assert asynchronous <= EVENT_LOOP_PATHS
