"""Addresses of the playbook. Every one is in the table of expectations in tests/routing/test_playbook_pages.py."""

from __future__ import annotations

from django.urls import URLPattern, path

from routing.playbook import edit_views as edit
from routing.playbook import views

app_name = "playbook"
urlpatterns: list[URLPattern] = [
    path("", views.page, name="page"),
    path("try/", views.try_it, name="try"),
    path("versions/", views.versions, name="versions"),
    path("versions/<int:number>/restore/", edit.restore, name="restore"),
    path("starter/", edit.starter, name="starter"),
    path("draft/", edit.draft, name="draft"),
    path("draft/begin/", edit.begin, name="begin"),
    path("draft/ends/", edit.ends, name="ends"),
    path("draft/publish/", edit.publish, name="publish"),
    path("draft/discard/", edit.discard, name="discard"),
    path("draft/questions/new/", edit.question, name="question_new"),
    path("draft/questions/<slug:slug>/", edit.question, name="question"),
    path("draft/questions/<slug:slug>/remove/", edit.question_remove, name="question_remove"),
    path("draft/outcomes/new/", edit.outcome, name="outcome_new"),
    path("draft/outcomes/<slug:slug>/", edit.outcome, name="outcome"),
    path("draft/outcomes/<slug:slug>/remove/", edit.outcome_remove, name="outcome_remove"),
]
