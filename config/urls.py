"""URLs: each room brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("inbox.urls")),
    path("", include("accounts.urls")),
    path("rules/", include("routing.urls")),
    path("playbook/", include("routing.playbook.urls")),
    path("service-levels/", include("routing.service_levels.urls")),
    path("reports/", include("reports.urls")),
    path("auth/", include("allauth.urls")),
]
