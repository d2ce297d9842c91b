from __future__ import annotations

from django.urls import path

from reports.views.alerts import dismiss_alert, learning_item_of_topic
from reports.views.brand_accounts import brand_accounts
from reports.views.cases import cases, learning_item_link
from reports.views.export_files import export_cancel, export_download, export_file
from reports.views.exports import cases_csv, chart_png, chart_svg, charts_zip, page_csv, table_csv
from reports.views.history import (
    history,
    history_import,
    history_rejects,
    history_remove,
    history_start,
    history_stop,
    history_undo,
    history_upload,
)
from reports.views.horseshoe import hand_overs, horseshoe
from reports.views.learning_answers import learning_item_answers
from reports.views.learning_items import (
    learning_item,
    learning_item_act,
    learning_item_csv,
    learning_item_new,
    learning_items,
    learning_items_csv,
)
from reports.views.outcomes import outcomes
from reports.views.people import people, person
from reports.views.presence import presence, presence_csv, presence_decide
from reports.views.response import dashboard
from reports.views.saved import (
    delete_report,
    link_report,
    revoke_report_link,
    save_report,
    saved_report,
    saved_reports,
    schedule_report,
)
from reports.views.service_levels import service_levels
from reports.views.shared import shared
from reports.views.today import today, wall

app_name = "reports"
urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("today/", today, name="today"),
    path("service-levels/", service_levels, name="service_levels"),
    path("today/wall/", wall, name="wall"),
    path("people/", people, name="people"),
    path("people/<int:pk>/", person, name="person"),
    path("brand-accounts/", brand_accounts, name="brand_accounts"),
    path("horseshoe/", horseshoe, name="horseshoe"),
    path("outcomes/", outcomes, name="outcomes"),
    path("outcomes/learning-item/", learning_item_of_topic, name="learning_item_of_topic"),
    path("outcomes/alerts/<int:pk>/dismiss/", dismiss_alert, name="dismiss_alert"),
    path("hand-overs/", hand_overs, name="hand_overs"),
    path("presence-review/", presence, name="presence"),
    path("presence-review/export/", presence_csv, name="presence_csv"),
    path("presence-review/<int:pk>/", presence_decide, name="presence_decide"),
    path("learning-items/", learning_items, name="learning_items"),
    path("learning-items/items.csv", learning_items_csv, name="learning_items_csv"),
    path("learning-items/link/", learning_item_link, name="learning_item_link"),
    path("learning-items/new/", learning_item_new, name="learning_item_new"),
    path("learning-items/<int:pk>/", learning_item, name="learning_item"),
    path("learning-items/<int:pk>/cases.csv", learning_item_csv, name="learning_item_csv"),
    path("learning-items/<int:pk>/answers/", learning_item_answers, name="learning_item_answers"),
    path("learning-items/<int:pk>/<slug:slug>/", learning_item_act, name="learning_item_act"),
    path("cases/", cases, name="cases"),
    path("history/", history, name="history"),
    path("history/upload/", history_upload, name="history_upload"),
    path("history/<int:pk>/", history_import, name="history_import"),
    path("history/<int:pk>/start/", history_start, name="history_start"),
    path("history/<int:pk>/stop/", history_stop, name="history_stop"),
    path("history/<int:pk>/remove/", history_remove, name="history_remove"),
    path("history/<int:pk>/undo/", history_undo, name="history_undo"),
    path("history/<int:pk>/rejects.csv", history_rejects, name="history_rejects"),
    path("saved/", saved_reports, name="saved"),
    path("saved/new/", save_report, name="save_report"),
    path("saved/<int:pk>/", saved_report, name="saved_report"),
    path("saved/<int:pk>/mail/", schedule_report, name="schedule_report"),
    path("saved/<int:pk>/link/", link_report, name="link_report"),
    path("saved/<int:pk>/link/<int:number>/revoke/", revoke_report_link, name="revoke_report_link"),
    path("saved/<int:pk>/delete/", delete_report, name="delete_report"),
    path("shared/<str:token>/", shared, name="shared"),
    path("export/cases.csv", cases_csv, name="cases_csv"),
    path("export/files/<int:pk>/", export_file, name="export_file"),
    path("export/files/<int:pk>/cases.csv", export_download, name="export_download"),
    path("export/files/<int:pk>/cancel/", export_cancel, name="export_cancel"),
    path("export/table.csv", table_csv, name="table_csv"),
    path("export/page.csv", page_csv, name="page_csv"),
    path("export/charts.zip", charts_zip, name="charts_zip"),
    path("export/chart.svg", chart_svg, name="chart_svg"),
    path("export/chart.png", chart_png, name="chart_png"),
]
