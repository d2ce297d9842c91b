"""The page that stands in for every report while its numbers are counted for the first time."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from reports.rollups.freshness import RollupsNotBuilt


class BeingBuiltMiddleware(MiddlewareMixin):
    """Answers with the progress instead of numbers that are not complete."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page that says so, or None for another error."""
        if not isinstance(error, RollupsNotBuilt):
            return None
        context = {"percent": int(100 * error.progress)}
        response = render(request, "reports/being_built.html", context, status=503)
        response.headers["Retry-After"] = "30"
        return response
