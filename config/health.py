"""Health checks: `/healthz` (this process answers) and `/readyz` (it has what it needs to be of use).

Both are answered before sessions and host checks.
"""

from __future__ import annotations

import datetime as dt
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
from inbox.models import Sweep

#: Redis keys under which workers report that they are alive; see `config.celery`.
WORKER_KEY_PREFIX = "horseshoe:worker:"
#: Queues that must each have a worker.
QUEUES = ("poll", "send", "default")
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


def _ready_response() -> HttpResponse:
    report = readiness(timezone.now())
    return JsonResponse(report, status=200 if report["ready"] else 503)


def readiness(now: dt.datetime) -> dict[str, Any]:
    """Return what works and what does not, ready for JSON.

    Readiness depends on the database, the broker, the workers of each queue and the most overdue stream. The
    numbers of unwell brand accounts and of open cases that nobody sees (None before the first sweep) are
    reported without affecting it.
    """
    database, streams = _check_database(now)
    broker, workers = _check_broker()
    ready = database == "ok" and broker == "ok" and all(workers.values()) and streams.get("ok", False)
    return {"ready": ready, "database": database, "broker": broker, "workers": workers, "streams": streams}


def _check_database(now: dt.datetime) -> tuple[str, dict[str, Any]]:
    pollable = Stream.objects.filter(
        enabled=True, brand_account__lifecycle__in=["active", "review", "sunsetting"]
    )
    try:
        oldest = pollable.exclude(brand_account__health=Health.REAUTHORISE).aggregate(at=Min("next_poll_at"))[
            "at"
        ]
        unwell = BrandAccount.objects.exclude(health=Health.OK).count()
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
    }


def _check_broker() -> tuple[str, dict[str, int]]:
    workers = dict.fromkeys(QUEUES, 0)
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, decode_responses=True
    )
    try:
        for key in client.scan_iter(match=f"{WORKER_KEY_PREFIX}*", count=500):
            for queue in str(client.get(key) or "").split(","):
                if queue in workers:
                    workers[queue] += 1
    except redis.RedisError as error:
        return f"failed: {type(error).__name__}", workers
    finally:
        client.close()
    return "ok", workers
