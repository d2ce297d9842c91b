"""Every address of the product, listed: a route that is not in these tables fails the build."""

from __future__ import annotations

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

#: What stands in for each parameter of a route: nothing that exists.
ABSENT = {
    "pk": 987654,
    "slug": "nowhere",
    "key": uuid.UUID(int=7),
    "network": "nowhere",
    "kind": "mentions",
    "number": 987654,
    "token": "nowhere",
}
#: What somebody who is not signed in gets, where it is not a redirect to the sign-in page.
ANONYMOUS = {
    "inbox:live": 401,
    "inbox:bell_icon": 404,
    "accounts:forgotten_password": 200,
    "accounts:own_addresses": 404,
    "reports:shared": 404,
    "accounts:first_administrator": 404,
}
#: Where something absent is not a 404 for those who might have reached it: a fresh sign-in is asked for first, an
#: attempt to connect belongs to a session, a rule that somebody has just deleted is told of on the list.
ABSENT_OTHERWISE = {
    "accounts:connect_start": (302,),
    "accounts:connect_callback": (302, 400),
    "accounts:connect_confirm": (302, 400),
    "accounts:brand_account_disconnect": (302,),
    "accounts:user_edit": (302,),
    "accounts:user_active": (302,),
    "accounts:user_password_link": (302,),
    "accounts:brand_account_answerers": (302,),
    "accounts:user_sign_out": (302,),
    "inbox:erase_customer": (302,),
    "reports:history_undo": (302,),
    "accounts:department_edit": (302,),
    "accounts:department_open": (302,),
    "routing:rule_edit": (302,),
    "routing:rule_toggle": (302,),
    "routing:rule_move": (302,),
    "routing:rule_delete": (302,),
    "routing:rule_duplicate": (302,),
    "routing:version_restore": (302,),
    "routing:version_undo": (302,),
    "routing:word_list_restore": (302,),
}
#: Routes that change something: GET and HEAD are refused.
POST_ONLY = frozenset(
    """
    inbox:assign inbox:hand_over inbox:note inbox:resolve inbox:reopen inbox:dismiss inbox:snooze inbox:unsnooze inbox:remind inbox:reminder_drop inbox:reply inbox:draft
    inbox:reply_cancel inbox:reply_send_now inbox:reply_plan inbox:reply_settle inbox:reply_try_again inbox:quarantine_retry
    inbox:undo inbox:here inbox:set_opening inbox:set_presence inbox:set_time_zone inbox:plan_leave inbox:remove_leave inbox:give_back inbox:take_next
    accounts:brand_account_check accounts:stream_switch accounts:gap_settle accounts:user_active accounts:user_password_link
    accounts:user_sign_out accounts:department_open accounts:leave_add accounts:leave_remove
    accounts:shift_add accounts:shift_remove accounts:shift_restore accounts:roster_hours accounts:roster_copy accounts:roster_swap
    routing:rule_toggle routing:rule_move routing:rule_duplicate routing:version_restore routing:version_undo
    inbox:case_tags inbox:customer_tags inbox:preview_start inbox:preview_cancel
    routing:draft_begin routing:draft_update routing:draft_discard
    """.split()
)
READ = frozenset(
    """
    inbox:queue_filters inbox:go inbox:go_found
    inbox:queue inbox:queue_unassigned inbox:queue_mine inbox:queue_resolved inbox:queue_unsent inbox:queue_snoozed inbox:reminders inbox:queue_department inbox:case
    inbox:case_thread inbox:navigation inbox:search inbox:live inbox:quarantine inbox:reading
    inbox:presence inbox:team inbox:split inbox:merge
    reports:dashboard reports:horseshoe reports:hand_overs reports:cases reports:cases_csv reports:table_csv reports:chart_svg reports:chart_png
    reports:page_csv reports:charts_zip
    reports:saved reports:saved_report reports:shared
    routing:rule_list routing:rule_try routing:rule_new routing:starter routing:rule_edit routing:rule_delete
    routing:default_edit routing:versions routing:draft_publish inbox:preview
    accounts:brand_accounts accounts:brand_account_edit accounts:brand_account_disconnect accounts:brand_account_answerers accounts:connect_start
    accounts:connect_callback accounts:connect_confirm accounts:people accounts:user_new accounts:user_edit accounts:user_leaving accounts:audit_log accounts:audit_csv
    accounts:departments accounts:department_edit accounts:department_assignment accounts:roster accounts:roster_week accounts:shift_edit accounts:own_addresses accounts:forgotten_password
    """.split()
)

#: Canned answers.
POST_ONLY |= {"inbox:canned_answer_archive", "inbox:canned_answer_restore", "inbox:canned_answer_duplicate"}
READ |= {"inbox:canned_answers", "inbox:canned_answer", "inbox:canned_answer_new", "inbox:canned_answers_import",
         "inbox:canned_answers_export", "inbox:choose_canned_answer", "inbox:canned_answers_found"}  # fmt: skip
#: Macros.
POST_ONLY |= {
    "inbox:macro_archive",
    "inbox:macro_restore",
    "inbox:macro_duplicate",
    "inbox:macro_run",
    "inbox:macro_undo",
}
READ |= {"inbox:macros", "inbox:macro", "inbox:macro_new", "inbox:choose_macro", "inbox:preview_macro"}

#: Saved views.
POST_ONLY |= {"inbox:view_filters", "inbox:view_move", "inbox:view_hide", "inbox:view_delete", "inbox:view_restore",
              "inbox:views_opening", "inbox:set_density"}  # fmt: skip
READ |= {"inbox:queue_open", "inbox:views", "inbox:view_new", "inbox:view", "inbox:view_edit"}

#: Approval of answers.
POST_ONLY |= {"inbox:approval_approve", "inbox:approval_undo", "inbox:approval_changes", "inbox:approval_decline", "inbox:approval_rule_switch",
              "inbox:approval_rule_delete", "inbox:approval_ramp", "inbox:approval_approver"}  # fmt: skip
READ |= {"inbox:approvals", "inbox:approval_rules", "inbox:approval_rule_new", "inbox:approval_rule"}

#: Custody.
POST_ONLY |= {"routing:learning_train", "routing:learning_mode", "routing:learning_thresholds",
              "routing:learning_activate", "routing:learning_example_remove"}  # fmt: skip
READ |= {"routing:learning", "routing:learning_progress", "routing:learning_version", "routing:learning_examples",
         "routing:learning_suggested"}  # fmt: skip
POST_ONLY |= {"reports:dismiss_alert", "reports:save_report", "reports:schedule_report", "reports:link_report", "reports:revoke_report_link",
              "reports:delete_report"}  # fmt: skip
POST_ONLY |= {"routing:skill_rename"}
READ |= {"routing:skill_list", "routing:skill_remove"}
POST_ONLY |= {"routing:word_list_restore"}
READ |= {"inbox:split", "inbox:merge"}
READ |= {"routing:word_lists", "routing:word_list_new", "routing:word_list_edit", "routing:word_list_delete"}
POST_ONLY |= {"inbox:suggestion_accept", "inbox:suggestion_decline"}
POST_ONLY |= {"inbox:accept", "inbox:bounce", "inbox:take_back"}
POST_ONLY |= {"inbox:playbook_answer", "inbox:playbook_back", "inbox:playbook_begin", "inbox:escalate"}
READ |= {"inbox:bell", "inbox:bell_icon", "inbox:notice_settings"}
POST_ONLY |= {"inbox:notice_settings_reset"}
POST_ONLY |= {"inbox:watch", "inbox:notices_read", "inbox:notice_open", "inbox:notice_read"}
READ |= {"inbox:wrong_department", "inbox:queue_watching", "inbox:notices"}
READ |= {"inbox:retention", "inbox:retention_preview", "inbox:customers_to_erase", "inbox:erase_customer"}
READ |= {"accounts:charter", "accounts:sunset"}
READ |= {
    "reports:people",
    "reports:person",
    "reports:outcomes",
    "reports:today",
    "reports:wall",
    "reports:service_levels",
    "reports:learning_item_of_topic",
}
READ |= {"reports:export_file", "reports:export_download"}
POST_ONLY |= {"reports:export_cancel"}
READ |= {"reports:history", "reports:history_import", "reports:history_undo", "reports:history_rejects"}
POST_ONLY |= {
    "reports:history_upload",
    "reports:history_start",
    "reports:history_stop",
    "reports:history_remove",
}
READ |= {"reports:brand_accounts", "reports:presence", "reports:presence_csv", "reports:presence_decide"}
READ |= {"reports:learning_items", "reports:learning_items_csv", "reports:learning_item_new", "reports:learning_item",
         "reports:learning_item_csv", "reports:learning_item_answers", "inbox:link_to_item"}  # fmt: skip
POST_ONLY |= {"reports:learning_item_link", "reports:learning_item_act", "inbox:unlink_item"}
READ |= {"inbox:bulk", "inbox:bulk_act"}
POST_ONLY |= {"inbox:bulk_stop", "inbox:bulk_undo"}
READ |= {"inbox:set_up", "accounts:first_administrator", "accounts:user_work"}

#: Service levels.
POST_ONLY |= {"sla:starter", "sla:policy_switch", "sla:policy_move"}
READ |= {
    *(
        "sla:policy_list",
        "sla:policy_try",
        "sla:progress",
        "sla:policy_new",
        "sla:policy_edit",
        "sla:policy_delete",
    ),
    *("sla:calendar_list", "sla:calendar_new", "sla:calendar_edit", "sla:calendar_delete"),
}

#: The playbook.
POST_ONLY |= {
    f"playbook:{name}"
    for name in (
        "restore",
        "starter",
        "begin",
        "ends",
        "publish",
        "discard",
        "question_remove",
        "outcome_remove",
    )
}
READ |= {
    f"playbook:{name}"
    for name in ("page", "try", "versions", "draft", "question_new", "question", "outcome_new", "outcome")
}


def routes():
    """Name and parameters of every route of ours."""

    def walk(patterns, namespace=""):
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, pattern.namespace or namespace)
            elif isinstance(pattern, URLPattern) and namespace:
                yield f"{namespace}:{pattern.name}", tuple(pattern.pattern.converters)

    return dict(walk(get_resolver().url_patterns))


def address(name, parameters):
    return reverse(name, kwargs={parameter: ABSENT[parameter] for parameter in parameters})


def test_every_route_is_listed_and_every_listed_route_exists():
    assert set(routes()) == READ | POST_ONLY


def test_nobody_gets_anything_without_signing_in(client):
    for name, parameters in routes().items():
        for ask in (client.get, client.post):
            response = ask(address(name, parameters))
            if response.status_code == 405:
                continue
            expected = ANONYMOUS.get(name, 302)
            assert response.status_code == expected, (name, ask.__name__, response.status_code)
            if expected == 302:
                assert response["Location"].startswith("/auth/login/"), name


def test_what_changes_something_refuses_to_be_read(client):
    client.force_login(UserFactory(role=Role.MANAGER), backend="django.contrib.auth.backends.ModelBackend")
    for name in POST_ONLY:
        response = client.get(address(name, routes()[name]))
        assert response.status_code == 405, name


@pytest.mark.slow
@pytest.mark.parametrize("role", Role.values)
def test_what_is_absent_is_404_for_everybody(client, role):
    client.force_login(UserFactory(role=role), backend="django.contrib.auth.backends.ModelBackend")
    for name, parameters in routes().items():
        if parameters:
            ask = client.post if name in POST_ONLY else client.get
            response = ask(address(name, parameters))
            assert response.status_code in (404, *ABSENT_OTHERWISE.get(name, ())), (
                name,
                role,
                response.status_code,
            )


def test_no_page_has_other_methods(client):
    client.force_login(UserFactory(role=Role.MANAGER), backend="django.contrib.auth.backends.ModelBackend")
    for path in (
        "/healthz",
        "/auth/login/",
        *(address(name, parameters) for name, parameters in routes().items()),
    ):
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
            answer = client.generic(method, path)
            assert answer.status_code == 405, (method, path)
            assert answer["Allow"] == "GET, HEAD, OPTIONS, POST"
