from __future__ import annotations

from django.urls import URLPattern, path

from routing.service_levels import calendar_views, policy_views

app_name = "sla"
urlpatterns: list[URLPattern] = [
    path("", policy_views.policy_list, name="policy_list"),
    path("try/", policy_views.policy_try, name="policy_try"),
    path("progress/", policy_views.sla_progress, name="progress"),
    path("starter/", policy_views.sla_starter, name="starter"),
    path("new/", policy_views.policy_new, name="policy_new"),
    path("<uuid:key>/", policy_views.policy_edit, name="policy_edit"),
    path("<uuid:key>/switch/", policy_views.policy_switch, name="policy_switch"),
    path("<uuid:key>/move/", policy_views.policy_move, name="policy_move"),
    path("<uuid:key>/delete/", policy_views.policy_delete, name="policy_delete"),
    path("calendars/", calendar_views.calendar_list, name="calendar_list"),
    path("calendars/new/", calendar_views.calendar_new, name="calendar_new"),
    path("calendars/<int:pk>/", calendar_views.calendar_edit, name="calendar_edit"),
    path("calendars/<int:pk>/delete/", calendar_views.calendar_delete, name="calendar_delete"),
]
