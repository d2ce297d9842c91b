from __future__ import annotations

from django.urls import include, path

from config.bench.floors import pages as floor

urlpatterns = [
    path("floor/queue/", floor.queue),
    path("floor/case/<int:case_id>/", floor.case),
    path("floor/search/", floor.search),
    path("floor/bare/", floor.bare),
    path("", include("config.urls")),
]
