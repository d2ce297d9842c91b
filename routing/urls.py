from __future__ import annotations

from django.urls import URLPattern, path

from routing import edit_views, views

app_name = "routing"
urlpatterns: list[URLPattern] = [
    path("", views.rule_list, name="rule_list"),
    path("try/", views.rule_try, name="rule_try"),
    path("new/", edit_views.rule_new, name="rule_new"),
    path("starter/", views.starter, name="starter"),
    path("default/", views.default_edit, name="default_edit"),
    path("versions/", views.versions, name="versions"),
    path("versions/<int:number>/restore/", views.version_restore, name="version_restore"),
    path("<uuid:key>/", edit_views.rule_edit, name="rule_edit"),
    path("<uuid:key>/toggle/", views.rule_toggle, name="rule_toggle"),
    path("<uuid:key>/move/", views.rule_move, name="rule_move"),
    path("<uuid:key>/delete/", views.rule_delete, name="rule_delete"),
    path("<uuid:key>/duplicate/", views.rule_duplicate, name="rule_duplicate"),
]
