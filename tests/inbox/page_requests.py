"""What the tests of pages share: signing in, asking as htmx asks, counting statements."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.signing_in import signed_in

__all__ = ["HTMX", "signed_in", "statements"]

HTMX = {"HTTP_HX_REQUEST": "true"}


def statements(client, path, **headers):
    """SQL statements of one GET, once the session is warm."""
    client.get(path, **headers)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, **headers).status_code == 200
    return len(captured)
