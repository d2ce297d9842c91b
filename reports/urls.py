from __future__ import annotations

from django.urls import path

from reports.views.cases import cases
from reports.views.response import dashboard

app_name = "reports"
urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("cases/", cases, name="cases"),
]
