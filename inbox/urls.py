"""Addresses of the inbox. Every one is in the table of expectations in tests/inbox/test_access.py."""

from __future__ import annotations

from django.urls import URLPattern, path

from inbox import stream
from inbox.views import (
    actions,
    answers,
    case,
    notices,
    passing,
    playbook,
    presence,
    quarantine,
    queue,
    reading,
    search,
    taking,
)

app_name = "inbox"
urlpatterns: list[URLPattern] = [
    path("", queue.queue, {"kind": "open"}, name="queue"),
    path("queue/unassigned/", queue.queue, {"kind": "unassigned"}, name="queue_unassigned"),
    path("queue/mine/", queue.queue, {"kind": "mine"}, name="queue_mine"),
    path("queue/watching/", queue.queue, {"kind": "watching"}, name="queue_watching"),
    path("queue/resolved/", queue.queue, {"kind": "resolved"}, name="queue_resolved"),
    path("queue/department/<slug:slug>/", queue.queue, {"kind": "department"}, name="queue_department"),
    path("cases/<int:pk>/", case.case, name="case"),
    path("cases/<int:pk>/thread/", case.thread, name="case_thread"),
    path("cases/<int:pk>/assign/", actions.assign, name="assign"),
    path("cases/<int:pk>/hand-over/", passing.hand_over, name="hand_over"),
    path("cases/<int:pk>/accept/", passing.accept, name="accept"),
    path("cases/<int:pk>/bounce/", passing.bounce, name="bounce"),
    path("cases/<int:pk>/wrong-department/", passing.wrong_department, name="wrong_department"),
    path("hand-overs/<int:pk>/take-back/", passing.take_back, name="take_back"),
    path("cases/<int:pk>/note/", actions.note, name="note"),
    path("cases/<int:pk>/resolve/", actions.resolve, name="resolve"),
    path("cases/<int:pk>/reopen/", actions.reopen, name="reopen"),
    path("cases/<int:pk>/dismiss/", actions.dismiss, name="dismiss"),
    path("cases/<int:pk>/reply/", answers.reply, name="reply"),
    path("cases/<int:pk>/draft/", answers.draft, name="draft"),
    path("replies/<int:pk>/cancel/", answers.cancel, name="reply_cancel"),
    path("replies/<int:pk>/settle/", answers.settle, name="reply_settle"),
    path("messages/<int:pk>/reading/", reading.reading, name="reading"),
    path("quarantine/", quarantine.quarantine_list, name="quarantine"),
    path("quarantine/<int:pk>/retry/", quarantine.retry, name="quarantine_retry"),
    path("take-next/", taking.take_next, name="take_next"),
    path("presence/", presence.own_presence, name="presence"),
    path("presence/set/", presence.set_presence, name="set_presence"),
    path("presence/give-back/", presence.give_back, name="give_back"),
    path("presence/leave/", presence.plan_leave, name="plan_leave"),
    path("presence/leave/<int:pk>/remove/", presence.remove_leave, name="remove_leave"),
    path("cases/<int:pk>/watch/", passing.watch, name="watch"),
    path("cases/<int:pk>/playbook/answer/", playbook.answer, name="playbook_answer"),
    path("cases/<int:pk>/playbook/back/", playbook.take_back, name="playbook_back"),
    path("cases/<int:pk>/playbook/begin/", playbook.begin_answer, name="playbook_begin"),
    path("cases/<int:pk>/escalate/", playbook.escalate, name="escalate"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.read_all, name="notices_read"),
    path("notices/<int:pk>/open/", notices.open_notice, name="notice_open"),
    path("notices/<int:pk>/read/", notices.read_one, name="notice_read"),
    path("navigation/", queue.navigation, name="navigation"),
    path("search/", search.search, name="search"),
    path("live/", stream.live, name="live"),
]
