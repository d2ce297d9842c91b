"""The ASGI application: pages run in threads, the live stream and health checks in the event loop."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_loop_application = get_asgi_application()

from django.urls import get_resolver  # noqa: E402 (after the settings)

from config.celery import app as celery  # noqa: E402
from config.garbage_collection import freeze_loaded_objects  # noqa: E402
from config.serving.headers import SecurityHeaders  # noqa: E402
from config.serving.pages import PageHandler, Receive, Scope, Send  # noqa: E402
from config.serving.request_bodies import BodyLimits  # noqa: E402
from config.trusted_proxy import TrustedProxyMiddleware  # noqa: E402
from inbox.live.broker import client_options  # noqa: E402
from reports.history.uploads import MOST_BYTES  # noqa: E402

#: Paths of asynchronous views, and of health checks, which must answer while every thread is busy.
EVENT_LOOP_PATHS = frozenset({"/live/", "/healthz", "/readyz"})
#: Bytes of a request's body where a page takes files, by the beginning of its path; elsewhere REQUEST_BODY_BYTES count.
UPLOAD_BYTES: dict[str, int] = {"/reports/history/upload/": MOST_BYTES + 10_000}
# A page that wakes a worker does not wait for the broker as long as a worker would.
celery.conf.broker_transport_options |= {**client_options(), "retry_on_timeout": False}
_page_application = PageHandler(settings.PAGE_THREADS)
# Load the URLs and with them the views now, not at the first request.
list(get_resolver().url_patterns)
freeze_loaded_objects()


async def _dispatch(scope: Scope, receive: Receive, send: Send) -> None:
    """Pass a request to the threads or the event loop, by path."""
    is_page = scope["type"] == "http" and scope["path"] not in EVENT_LOOP_PATHS
    await (_page_application if is_page else _loop_application)(scope, receive, send)


application = SecurityHeaders(
    BodyLimits(
        TrustedProxyMiddleware(_dispatch, settings.TRUSTED_PROXY), settings.REQUEST_BODY_BYTES, UPLOAD_BYTES
    )
)
