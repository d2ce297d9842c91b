"""Health checks: `/healthz` (this process answers) and `/readyz` (it has what it needs to be of use).

Both are answered before sessions and host checks, so to anybody: `/readyz` tells no more than yes or no. What is
missing stands in the log and in the report of `manage.py readiness`.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

from accounts.models import BrandAccount, Health, Stream
from config.embedded.data_folder import Home
from config.supervisor import QUICK_DEATHS_MAX
from inbox.models import Sweep
from reports.rollups.freshness import seconds_behind

logger = logging.getLogger(__name__)

#: Keys of Redis that exist while a worker serves a queue, and while a host has a worker; see `config.celery`.
QUEUE_KEY_PREFIX, HOST_KEY_PREFIX = "horseshoe:queue:", "horseshoe:worker-host:"
#: Queues that must each have a worker.
QUEUES = ("ticks", "poll", "send", "default")
#: Seconds for which an answer of `/readyz` is given again, so that strangers cannot keep the database busy.
_ANSWER_SECONDS = 1.0
#: When a stream is overdue by more than this, polling has stopped.
POLL_OVERDUE_AFTER = dt.timedelta(minutes=5)


@sync_and_async_middleware
def health_checks(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer `/healthz` and `/readyz`.

    A load balancer needs no host name, session or sign-in for them.
    """
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            if request.path == "/readyz":
                return await sync_to_async(_ready_response)()
            return _alive_response() if request.path == "/healthz" else await get_response(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path == "/readyz":
            return _ready_response()
        return _alive_response() if request.path == "/healthz" else get_response(request)

    return sync_middleware


def _alive_response() -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


class ReadyAnswer:
    """The answer of `/readyz`, computed at most once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Compute the next answer afresh."""
        self._ready, self._valid_until = False, 0.0

    def is_ready(self) -> bool:
        """Return whether everything works. Logs what does not."""
        with self._lock:
            if time.monotonic() >= self._valid_until:
                report = readiness(timezone.now())
                self._ready = report["ready"]
                if not self._ready:
                    logger.warning("Not ready: %s", report)
                self._valid_until = time.monotonic() + _ANSWER_SECONDS
            return self._ready


ready_answer = ReadyAnswer()


def _ready_response() -> HttpResponse:
    ready = ready_answer.is_ready()
    return JsonResponse({"ready": ready}, status=200 if ready else 503)


def readiness(now: dt.datetime) -> dict[str, Any]:
    """Return what works and what does not, ready for JSON.

    Readiness depends on the database, the broker, the workers of each queue, the most overdue stream and, under `up`,
    on every child process: `restarts` names those that keep dying. The numbers of unwell brand accounts and of open cases that nobody sees (None before the first sweep),
    and how far the figures of reports are behind, are reported without affecting it.
    """
    database, streams = _check_database(now)
    broker, workers = _check_broker()
    restarts = Home.from_environment().read_restarts()
    given_up = any(restart["times"] >= QUICK_DEATHS_MAX for restart in restarts.values())
    ready = database == "ok" and broker == "ok" and all(workers.values()) and streams.get("ok", False)
    return {
        "ready": ready and not given_up,
        "database": database,
        "broker": broker,
        "workers": workers,
        "streams": streams,
        "restarts": restarts,
    }


def _check_database(now: dt.datetime) -> tuple[str, dict[str, Any]]:
    pollable = Stream.objects.filter(
        enabled=True, brand_account__lifecycle__in=["active", "review", "sunsetting"]
    )
    try:
        oldest = pollable.exclude(brand_account__health=Health.REAUTHORISE).aggregate(at=Min("next_poll_at"))[
            "at"
        ]
        unwell = BrandAccount.objects.exclude(health=Health.OK).count()
        reports_behind = seconds_behind(now)
        orphaned = Sweep.objects.order_by("-at").values_list("remaining", flat=True).first()
    except DatabaseError as error:
        return f"failed: {type(error).__name__}", {}
    finally:
        connection.close_if_unusable_or_obsolete()
    overdue = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
    return "ok", {
        "ok": overdue <= POLL_OVERDUE_AFTER.total_seconds(),
        "oldest_unpolled_seconds": round(overdue, 1),
        "brand_accounts_unwell": unwell,
        "cases_in_limbo": orphaned,
        "reports_behind_seconds": reports_behind,
    }


def _check_broker() -> tuple[str, dict[str, bool]]:
    """Return what the broker answers, and which queues have a worker.

    One command, whatever else is stored there.
    """
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        values = client.mget([f"{QUEUE_KEY_PREFIX}{queue}" for queue in QUEUES])
    except redis.RedisError as error:
        return f"failed: {type(error).__name__}", dict.fromkeys(QUEUES, False)
    finally:
        client.close()
    return "ok", {queue: value is not None for queue, value in zip(QUEUES, values, strict=True)}
