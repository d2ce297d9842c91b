"""URL patterns of the inbox. The access table in tests/inbox/views/test_access.py lists every one of them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from inbox.live import stream
from inbox.views import (
    answers,
    case,
    case_actions,
    erasing,
    hand_overs,
    learning_items,
    notices,
    playbook,
    presence,
    preview,
    quarantine,
    queue,
    reading,
    regrouping,
    retention,
    search,
    suggestions,
    team,
)
from inbox.views.desk import (
    bell,
    bulk,
    canned_answers,
    canned_choice,
    canned_files,
    going,
    notice_settings,
    planned_answers,
    reminders,
    snoozing,
)

app_name = "inbox"


def _case_path(address: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    """Return the path of a view of one case.

    The view also says where a case went that the person could read before.
    """
    return path(f"cases/<int:pk>/{address}", case.of_case(view), name=name)


urlpatterns: list[URLPattern] = [
    path("", queue.queue, {"kind": "open"}, name="queue"),
    path("queue/unassigned/", queue.queue, {"kind": "unassigned"}, name="queue_unassigned"),
    path("queue/mine/", queue.queue, {"kind": "mine"}, name="queue_mine"),
    path("queue/watching/", queue.queue, {"kind": "watching"}, name="queue_watching"),
    path("queue/snoozed/", queue.queue, {"kind": "snoozed"}, name="queue_snoozed"),
    path("queue/not-sent/", queue.queue, {"kind": "unsent"}, name="queue_unsent"),
    path("queue/resolved/", queue.queue, {"kind": "resolved"}, name="queue_resolved"),
    path("queue/department/<slug:slug>/", queue.queue, {"kind": "department"}, name="queue_department"),
    path("queue/filters/", queue.queue_filters, name="queue_filters"),
    _case_path("", case.case, "case"),
    _case_path("thread/", case.thread, "case_thread"),
    _case_path("assign/", case_actions.assign, "assign"),
    _case_path("hand-over/", hand_overs.hand_over, "hand_over"),
    _case_path("accept/", hand_overs.accept, "accept"),
    _case_path("bounce/", hand_overs.bounce, "bounce"),
    _case_path("wrong-department/", hand_overs.wrong_department, "wrong_department"),
    _case_path("suggestion/accept/", suggestions.suggestion_accept, "suggestion_accept"),
    _case_path("suggestion/decline/", suggestions.suggestion_decline, "suggestion_decline"),
    _case_path("split/", regrouping.split, "split"),
    _case_path("merge/", regrouping.merge, "merge"),
    _case_path("learning-items/", learning_items.link_to_item, "link_to_item"),
    _case_path("learning-items/<int:number>/unlink/", learning_items.unlink_item, "unlink_item"),
    path("hand-overs/<int:pk>/take-back/", hand_overs.take_back, name="take_back"),
    _case_path("note/", case_actions.note, "note"),
    _case_path("tags/", case_actions.case_tags, "case_tags"),
    _case_path("customer-tags/", case_actions.customer_tags, "customer_tags"),
    _case_path("resolve/", case_actions.resolve, "resolve"),
    _case_path("undo/<int:number>/", case_actions.undo, "undo"),
    _case_path("reopen/", case_actions.reopen, "reopen"),
    _case_path("snooze/", snoozing.snooze, "snooze"),
    _case_path("unsnooze/", snoozing.unsnooze, "unsnooze"),
    _case_path("dismiss/", case_actions.dismiss, "dismiss"),
    _case_path("reply/", answers.reply, "reply"),
    _case_path("draft/", answers.draft, "draft"),
    path("replies/<int:pk>/cancel/", answers.reply_cancel, name="reply_cancel"),
    path("replies/<int:pk>/send-now/", planned_answers.reply_send_now, name="reply_send_now"),
    path("replies/<int:pk>/plan/", planned_answers.reply_plan, name="reply_plan"),
    path("replies/<int:pk>/try-again/", answers.reply_try_again, name="reply_try_again"),
    path("replies/<int:pk>/settle/", answers.reply_settle, name="reply_settle"),
    path("messages/<int:pk>/reading/", reading.reading, name="reading"),
    _case_path("canned-answers/", canned_choice.choose_canned_answer, "choose_canned_answer"),
    _case_path("canned-answers/found/", canned_choice.canned_answers_found, "canned_answers_found"),
    path("canned-answers/", canned_answers.canned_answers, name="canned_answers"),
    path("canned-answers/new/", canned_answers.canned_answer_new, name="canned_answer_new"),
    path("canned-answers/import/", canned_files.canned_answers_import, name="canned_answers_import"),
    path("canned-answers/export/", canned_files.canned_answers_export, name="canned_answers_export"),
    path("canned-answers/<int:pk>/", canned_answers.canned_answer, name="canned_answer"),
    path(
        "canned-answers/<int:pk>/archive/", canned_answers.canned_answer_archive, name="canned_answer_archive"
    ),
    path(
        "canned-answers/<int:pk>/restore/", canned_answers.canned_answer_restore, name="canned_answer_restore"
    ),
    path(
        "canned-answers/<int:pk>/duplicate/",
        canned_answers.canned_answer_duplicate,
        name="canned_answer_duplicate",
    ),
    path("quarantine/", quarantine.quarantine_list, name="quarantine"),
    path("quarantine/<int:pk>/retry/", quarantine.quarantine_retry, name="quarantine_retry"),
    path("rules/preview/", preview.preview_start, name="preview_start"),
    path("rules/preview/<int:pk>/", preview.preview, name="preview"),
    path("rules/preview/<int:pk>/stop/", preview.preview_cancel, name="preview_cancel"),
    path("retention/", retention.retention, name="retention"),
    path("retention/preview/", retention.retention_preview, name="retention_preview"),
    path("retention/customers/", erasing.customers_to_erase, name="customers_to_erase"),
    path("retention/customers/<int:pk>/", erasing.erase_customer, name="erase_customer"),
    path("set-up/", team.set_up, name="set_up"),
    path("team/", team.team, name="team"),
    path("bulk/", bulk.bulk, name="bulk"),
    path("bulk/<int:pk>/", bulk.bulk_act, name="bulk_act"),
    path("bulk/<int:pk>/stop/", bulk.bulk_stop, name="bulk_stop"),
    path("bulk/<int:pk>/undo/", bulk.bulk_undo, name="bulk_undo"),
    path("take-next/", case_actions.take_next, name="take_next"),
    path("presence/", presence.own_presence, name="presence"),
    path("presence/set/", presence.set_presence, name="set_presence"),
    path("presence/time-zone/", presence.set_time_zone, name="set_time_zone"),
    path("presence/opening/", presence.set_opening, name="set_opening"),
    path("presence/give-back/", presence.give_back, name="give_back"),
    path("presence/leave/", presence.plan_leave, name="plan_leave"),
    path("presence/leave/<int:pk>/remove/", presence.remove_leave, name="remove_leave"),
    _case_path("remind/", reminders.remind, "remind"),
    path("reminders/", reminders.reminder_list, name="reminders"),
    path("reminders/<int:pk>/drop/", reminders.reminder_drop, name="reminder_drop"),
    _case_path("watch/", hand_overs.watch, "watch"),
    _case_path("playbook/answer/", playbook.playbook_answer, "playbook_answer"),
    _case_path("playbook/back/", playbook.playbook_back, "playbook_back"),
    _case_path("playbook/begin/", playbook.begin_answer, "playbook_begin"),
    _case_path("escalate/", playbook.escalate, "escalate"),
    path("notices/", notices.notices, name="notices"),
    path("notices/bell/", bell.bell, name="bell"),
    path("notices/bell/icon/<int:number>.svg", bell.bell_icon, name="bell_icon"),
    path("notices/settings/", notice_settings.notice_settings, name="notice_settings"),
    path("notices/settings/reset/", notice_settings.notice_settings_reset, name="notice_settings_reset"),
    path("notices/read/", notices.mark_all_notices_read, name="notices_read"),
    path("notices/<int:pk>/open/", notices.open_notice, name="notice_open"),
    path("notices/<int:pk>/read/", notices.mark_notice_read, name="notice_read"),
    path("here/", presence.note_here, name="here"),
    path("navigation/", queue.navigation, name="navigation"),
    path("search/", search.search, name="search"),
    path("go/", going.go, name="go"),
    path("go/found/", going.go_found, name="go_found"),
    path("live/", stream.live_stream, name="live"),
]
