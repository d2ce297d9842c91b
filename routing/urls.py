from __future__ import annotations

from django.urls import URLPattern, path

from routing.learning.views import (
    learning,
    learning_activate,
    learning_example_remove,
    learning_examples,
    learning_mode,
    learning_progress,
    learning_suggested,
    learning_thresholds,
    learning_train,
    learning_version,
)
from routing.rule_editor import action_views, default_views, draft_views, edit_views, views
from routing.skills.views import skill_list, skill_remove, skill_rename
from routing.word_lists import views as word_list_views

app_name = "routing"
urlpatterns: list[URLPattern] = [
    path("", views.rule_list, name="rule_list"),
    path("try/", views.rule_try, name="rule_try"),
    path("new/", edit_views.rule_new, name="rule_new"),
    path("starter/", action_views.starter_rules_install, name="starter"),
    path("default/", default_views.default_edit, name="default_edit"),
    path("draft/begin/", draft_views.draft_begin, name="draft_begin"),
    path("draft/publish/", draft_views.draft_publish, name="draft_publish"),
    path("draft/update/", draft_views.draft_update, name="draft_update"),
    path("draft/discard/", draft_views.draft_discard, name="draft_discard"),
    path("learning/", learning, name="learning"),
    path("learning/progress/", learning_progress, name="learning_progress"),
    path("learning/train/", learning_train, name="learning_train"),
    path("learning/mode/", learning_mode, name="learning_mode"),
    path("learning/versions/<int:number>/", learning_version, name="learning_version"),
    path("learning/versions/<int:number>/use/", learning_activate, name="learning_activate"),
    path("learning/thresholds/", learning_thresholds, name="learning_thresholds"),
    path("learning/examples/", learning_examples, name="learning_examples"),
    path("learning/examples/<int:pk>/remove/", learning_example_remove, name="learning_example_remove"),
    path("learning/suggested/", learning_suggested, name="learning_suggested"),
    path("skills/", skill_list, name="skill_list"),
    path("skills/<int:pk>/rename/", skill_rename, name="skill_rename"),
    path("skills/<int:pk>/remove/", skill_remove, name="skill_remove"),
    path("words/", word_list_views.word_lists, name="word_lists"),
    path("words/new/", word_list_views.word_list_new, name="word_list_new"),
    path("words/<slug:key>/", word_list_views.word_list_edit, name="word_list_edit"),
    path("words/<slug:key>/delete/", word_list_views.word_list_delete, name="word_list_delete"),
    path(
        "words/<slug:key>/restore/<int:number>/", word_list_views.word_list_restore, name="word_list_restore"
    ),
    path("versions/", views.rule_versions, name="versions"),
    path("versions/<int:number>/restore/", action_views.version_restore, name="version_restore"),
    path("versions/<int:number>/undo/", action_views.version_undo, name="version_undo"),
    path("<uuid:key>/", edit_views.rule_edit, name="rule_edit"),
    path("<uuid:key>/toggle/", action_views.rule_toggle, name="rule_toggle"),
    path("<uuid:key>/move/", action_views.rule_move, name="rule_move"),
    path("<uuid:key>/delete/", action_views.rule_delete, name="rule_delete"),
    path("<uuid:key>/duplicate/", action_views.rule_duplicate, name="rule_duplicate"),
]
