"""Addresses of the playbook. Every one is in the table of expectations in tests/routing/test_playbook_pages.py."""

from __future__ import annotations

from django.urls import URLPattern, path

from routing.playbook import edit_views as edit
from routing.playbook import views

app_name = "playbook"
urlpatterns: list[URLPattern] = [
    path("", views.playbook_page, name="page"),
    path("try/", views.playbook_try, name="try"),
    path("versions/", views.playbook_versions, name="versions"),
    path("versions/<int:number>/restore/", edit.playbook_version_restore, name="restore"),
    path("starter/", edit.playbook_starter_install, name="starter"),
    path("draft/", edit.playbook_draft, name="draft"),
    path("draft/begin/", edit.playbook_draft_begin, name="begin"),
    path("draft/ends/", edit.playbook_ends_choose, name="ends"),
    path("draft/publish/", edit.playbook_publish, name="publish"),
    path("draft/discard/", edit.playbook_draft_discard, name="discard"),
    path("draft/questions/new/", edit.playbook_question_edit, name="question_new"),
    path("draft/questions/<slug:slug>/", edit.playbook_question_edit, name="question"),
    path("draft/questions/<slug:slug>/remove/", edit.playbook_question_remove, name="question_remove"),
    path("draft/outcomes/new/", edit.playbook_outcome_edit, name="outcome_new"),
    path("draft/outcomes/<slug:slug>/", edit.playbook_outcome_edit, name="outcome"),
    path("draft/outcomes/<slug:slug>/remove/", edit.playbook_outcome_remove, name="outcome_remove"),
]
