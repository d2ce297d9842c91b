"""URLs of the playbook. Each needs a row in the table in tests/routing/playbook/test_pages.py."""

from __future__ import annotations

from django.urls import URLPattern, path

from routing.playbook import draft_views, part_views, views

app_name = "playbook"
urlpatterns: list[URLPattern] = [
    path("", views.playbook_page, name="page"),
    path("try/", views.playbook_try, name="try"),
    path("versions/", views.playbook_versions, name="versions"),
    path("versions/<int:number>/restore/", draft_views.playbook_version_restore, name="restore"),
    path("starter/", draft_views.playbook_starter_install, name="starter"),
    path("draft/", draft_views.playbook_draft, name="draft"),
    path("draft/begin/", draft_views.playbook_draft_begin, name="begin"),
    path("draft/ends/", draft_views.playbook_ends_choose, name="ends"),
    path("draft/publish/", draft_views.playbook_publish, name="publish"),
    path("draft/discard/", draft_views.playbook_draft_discard, name="discard"),
    path("draft/questions/new/", part_views.playbook_question_edit, name="question_new"),
    path("draft/questions/<slug:slug>/", part_views.playbook_question_edit, name="question"),
    path("draft/questions/<slug:slug>/remove/", part_views.playbook_question_remove, name="question_remove"),
    path("draft/outcomes/new/", part_views.playbook_outcome_edit, name="outcome_new"),
    path("draft/outcomes/<slug:slug>/", part_views.playbook_outcome_edit, name="outcome"),
    path("draft/outcomes/<slug:slug>/remove/", part_views.playbook_outcome_remove, name="outcome_remove"),
]
