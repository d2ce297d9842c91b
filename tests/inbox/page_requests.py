"""Helpers for tests of pages: signing in, requests as htmx makes them, counting statements."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.signing_in import signed_in

__all__ = ["HTMX", "signed_in", "count_statements"]

HTMX = {"HTTP_HX_REQUEST": "true"}


def count_statements(client, path, **headers):
    """Return how many SQL statements one GET takes, once the session is warm."""
    client.get(path, **headers)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, **headers).status_code == 200
    return len(captured)
