from __future__ import annotations

from django.urls import path

from reports.views.cases import cases
from reports.views.exports import cases_csv, chart_svg, table_csv
from reports.views.presence import presence, presence_csv, presence_decide
from reports.views.response import dashboard

app_name = "reports"
urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("presence-review/", presence, name="presence"),
    path("presence-review/export/", presence_csv, name="presence_csv"),
    path("presence-review/<int:pk>/", presence_decide, name="presence_decide"),
    path("cases/", cases, name="cases"),
    path("export/cases.csv", cases_csv, name="cases_csv"),
    path("export/table.csv", table_csv, name="table_csv"),
    path("export/chart.svg", chart_svg, name="chart_svg"),
]
