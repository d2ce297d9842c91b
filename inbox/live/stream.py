"""Serve the live stream of one open page as server-sent events.

An event names new or changed cases that the reader may see; the page reloads through the viewer-scoped views. What the
page missed comes first, then that it is listened to ("ready"). The next event goes out at once, later ones at most every
quarter of a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import SessionBase
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.sign_in.sessions import find_session_user
from accounts.working_time import presence
from inbox.live.hub import MEMORY, Audience, Listener, get_hub
from inbox.models import Case, Visibility
from inbox.visibility import Reach, case_scope

#: Seconds between two events to one page, between keep-alives, and between checks of the reader's authority.
COALESCE, HEARTBEAT, RECHECK = 0.25, 15.0, 60.0


async def stream_events(listener: Listener, recheck: Callable[[], Audience | None]) -> AsyncIterator[bytes]:
    """Yield the bytes of one stream.

    Ends when the page is closed, the broker is lost, or `recheck` returns None because the reader may not read any
    more.
    """
    checked = asyncio.get_running_loop().time()
    yield b"retry: 2000\n\n" + _catch_up(listener) + b"event: ready\ndata: []\n\n"
    try:
        while True:
            # Not `wait_for`: up to Python 3.11 it may keep a cancellation to itself that comes together with an event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await listener.woken.wait()
            if listener.ended:
                return
            if listener.audience_is_stale or asyncio.get_running_loop().time() - checked > RECHECK:
                listener.reload_all, listener.audience_is_stale = listener.audience_is_stale, False
                audience = await sync_to_async(recheck)()
                if audience is None:
                    return
                listener.audience, checked = audience, asyncio.get_running_loop().time()
            if listener.has_news:
                yield listener.pop_events()
                await asyncio.sleep(COALESCE)
            elif listener.woken.is_set():
                listener.woken.clear()
            else:
                yield b": still here\n\n"
    finally:
        get_hub().leave(listener)


def _catch_up(listener: Listener) -> bytes:
    """Return what the page missed before it listened, "" for nothing."""
    if listener.ended or listener.audience_is_stale:
        return b""
    return listener.pop_events()


def read_audience(user: User) -> Audience:
    """Return the audience that a user is now. At most two statements."""
    scope = case_scope(user)
    if scope.reach in (Reach.NO_CASE, Reach.EVERY_CASE):
        return Audience(scope, user.pk)
    watched = Case.objects.watched_by(user).filter(visibility=Visibility.PUBLIC)
    if scope.reach is Reach.OWN_BRAND_ACCOUNTS:
        # A case never changes its brand account, so these stay in the scope and need not be listed.
        watched = watched.exclude(scope.condition())
    return Audience(scope, user.pk, frozenset(watched.values_list("pk", flat=True)))


def load_audience(session: SessionBase) -> Audience | None:
    """Return the audience of a signed-in session.

    None when the session has ended. Counts as a sign of life, because the page is open. Keeps no connection to the
    database.
    """
    try:
        user = find_session_user(session)
        if user is None:
            return None
        presence.mark_seen(user, timezone.now())
        return read_audience(user)
    finally:
        # A stream lives for hours: a database connection kept by its thread would be unavailable to all other requests.
        connections.close_all()


def read_age(text: str | None) -> float | None:
    """Read the age of a page in milliseconds; return seconds.

    None without one. What is no number counts as too old to be remembered.
    """
    if text is None:
        return None
    try:
        return max(int(text) / 1000, 0.0)
    except (ValueError, OverflowError):
        return 2 * MEMORY


@require_GET
async def live_stream(request: HttpRequest) -> HttpResponseBase:
    """Serve the stream of one page.

    401 when signed out, 503 when the broker is away: the page then polls and tries again.
    """
    session = request.session

    def recheck() -> Audience | None:
        return load_audience(session)

    audience = await sync_to_async(recheck)()
    if audience is None:
        return HttpResponse("Sign in again.\n", status=401, content_type="text/plain")
    try:
        listener = await get_hub().join(audience, read_age(request.GET.get("age")))
    except TimeoutError:
        return HttpResponse("No live updates now.\n", status=503, content_type="text/plain")
    response = StreamingHttpResponse(stream_events(listener, recheck), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
