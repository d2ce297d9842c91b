"""Addresses of the playbook. The table in tests/routing/playbook/test_pages.py expects something of each."""

from __future__ import annotations

from django.urls import URLPattern, path

from routing.playbook import edit_views, views

app_name = "playbook"
urlpatterns: list[URLPattern] = [
    path("", views.playbook_page, name="page"),
    path("try/", views.playbook_try, name="try"),
    path("versions/", views.playbook_versions, name="versions"),
    path("versions/<int:number>/restore/", edit_views.playbook_version_restore, name="restore"),
    path("starter/", edit_views.playbook_starter_install, name="starter"),
    path("draft/", edit_views.playbook_draft, name="draft"),
    path("draft/begin/", edit_views.playbook_draft_begin, name="begin"),
    path("draft/ends/", edit_views.playbook_ends_choose, name="ends"),
    path("draft/publish/", edit_views.playbook_publish, name="publish"),
    path("draft/discard/", edit_views.playbook_draft_discard, name="discard"),
    path("draft/questions/new/", edit_views.playbook_question_edit, name="question_new"),
    path("draft/questions/<slug:slug>/", edit_views.playbook_question_edit, name="question"),
    path("draft/questions/<slug:slug>/remove/", edit_views.playbook_question_remove, name="question_remove"),
    path("draft/outcomes/new/", edit_views.playbook_outcome_edit, name="outcome_new"),
    path("draft/outcomes/<slug:slug>/", edit_views.playbook_outcome_edit, name="outcome"),
    path("draft/outcomes/<slug:slug>/remove/", edit_views.playbook_outcome_remove, name="outcome_remove"),
]
