"""One table for every address of the inbox: who gets in, and who sees what is not there (S1)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox import urls
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, signed_in

pytestmark = pytest.mark.django_db

PEOPLE = ("manager", "community", "agent", "analyst", "administrator", "other department", "other brand")
#: Who may see which case at all.
SEES = {
    "public": {"manager", "community", "agent", "analyst", "administrator"},
    "direct": {"manager", "community", "agent"},
    "absent": set(),
}
#: Addresses of one case or answer → what somebody who sees it gets at least once (refusals by role included).
OF_A_CASE = {
    "case": ("get", {}, {200}),
    "case_thread": ("get", {}, {200}),
    "assign": ("post", {"to": "me"}, {302, 403}),
    "hand_over": ("post", {"department": "x", "reason": "x"}, {422}),
    "accept": ("post", {}, {302, 403, 422}),
    "bounce": ("post", {"reason": "x"}, {403, 422}),
    "wrong_department": ("get", {}, {200}),
    "split": ("get", {}, {200}),
    "merge": ("get", {}, {200}),
    "suggestion_accept": ("post", {}, {403, 409}),
    "suggestion_decline": ("post", {}, {403, 409}),
    "note": ("post", {"note": "Noted."}, {302, 403}),
    "resolve": ("post", {}, {302, 403}),
    "reopen": ("post", {}, {302, 403}),
    "snooze": ("post", {"preset": "2h"}, {302, 403}),
    "unsnooze": ("post", {}, {302, 403}),
    "dismiss": ("post", {"reason": "Spam"}, {302, 403}),
    "reply": ("post", {"text": "x"}, {422}),
    "draft": ("post", {"text": "x"}, {200}),
}
OF_A_REPLY = {
    "reply_cancel": ("post", {}, {302, 403, 409}),
    "reply_send_now": ("post", {}, {302, 403, 409}),
    "reply_plan": ("post", {"day": "2030-01-01", "time": "09:00"}, {302, 403, 409, 422}),
    "reply_try_again": ("post", {}, {302, 403, 409, 422}),
    "reply_settle": ("post", {"decision": "sent"}, {302, 403, 409}),
}
#: How a message was read: everybody who sees the case may look.
OF_A_MESSAGE = {
    "reading": [("get", {}, {200}), ("post", {"urgency": "1", "was_urgency": "1"}, {302, 403})],
}
#: Addresses without an object; what they list is scoped, see the tests of each page.
OF_NOTHING = {"queue", "queue_unassigned", "queue_mine", "queue_resolved", "queue_unsent", "queue_snoozed", "navigation", "search",
              "presence"}  # fmt: skip
#: Tested elsewhere: with roles in test_quarantine.py, as a stream in test_stream.py, by slug in test_queue_page.py,
#: everybody's own in test_presence.py, taking in test_assigning.py.
ELSEWHERE = {"quarantine", "quarantine_retry", "live", "queue_department",
             "set_presence", "set_time_zone", "plan_leave", "give_back", "remove_leave", "take_next"}  # fmt: skip
ELSEWHERE |= {"here"}  # live/test_here.py
ELSEWHERE |= {"team"}  # by role in test_orphaned_cases.py
#: For administrators only, in retention/test_pages.py and test_erasing.py.
ELSEWHERE |= {"retention", "retention_preview", "customers_to_erase", "erase_customer"}
#: For administrators only, in test_set_up.py.
ELSEWHERE |= {"set_up"}
#: By the sender in cases/test_hand_overs.py.
ELSEWHERE |= {"take_back"}
#: By who did it in cases/test_undo.py.
ELSEWHERE |= {"undo", "set_opening"}
#: Everybody's own, in queue/test_saved_views.py.
ELSEWHERE |= {"set_density"}
OF_A_CASE |= {"case_tags": ("post", {"tags": "vip"}, {302, 403})}
OF_A_CASE |= {"customer_tags": ("post", {"tags": "vip"}, {302, 403})}
OF_A_CASE |= {"link_to_item": ("post", {"item": "x"}, {403, 422})}
#: By role in tests/reports/test_learning_items.py.
ELSEWHERE |= {"unlink_item"}
OF_A_CASE |= {"watch": ("post", {"on": "1"}, {302})}
OF_A_CASE |= {
    "playbook_answer": ("post", {"question": "x", "answer": "x"}, {403, 409, 422}),
    "playbook_back": ("post", {"question": "x"}, {403, 409}),
    "playbook_begin": ("post", {}, {302}),
    "escalate": ("post", {}, {302, 403, 422}),
}
OF_A_CASE |= {
    "choose_canned_answer": ("get", {}, {200, 403}),
    "canned_answers_found": ("get", {}, {200, 403}),
}
OF_NOTHING |= {"queue_filters", "go", "go_found", "queue_watching", "notices", "reminders"}
#: Everybody's own, in test_bell.py.
ELSEWHERE |= {"bell", "bell_icon"}
#: Everybody's own, in notices/test_preferences.py.
ELSEWHERE |= {"notice_settings", "notice_settings_reset"}
OF_NOTHING |= {"canned_answers", "canned_answer_new", "canned_answers_import", "canned_answers_export"}
#: By role and owner in canned_answers/test_pages.py.
ELSEWHERE |= {"canned_answer", "canned_answer_archive", "canned_answer_restore", "canned_answer_duplicate"}
OF_A_CASE |= {"choose_macro": ("get", {}, {200, 403}), "macro_run": ("post", {"key": "x"}, {422})}
OF_NOTHING |= {"macros", "macro_new"}
#: By role and owner in macros/test_pages.py.
ELSEWHERE |= {"macro", "macro_archive", "macro_restore", "macro_duplicate", "macro_undo", "preview_macro"}
OF_A_CASE |= {"remind": ("post", {"day": "2030-01-01"}, {302, 422})}
OF_NOTHING |= {"queue_open", "views", "view_new"}
#: By role and owner in queue/test_saved_views.py.
ELSEWHERE |= {
    "view",
    "view_edit",
    "view_filters",
    "view_move",
    "view_hide",
    "view_delete",
    "view_restore",
    "views_opening",
}
#: Everybody's own, in later/test_reminders.py.
ELSEWHERE |= {"reminder_drop"}
#: Everybody's own, in test_notices_page.py.
ELSEWHERE |= {"notices_read", "notice_open", "notice_read"}
#: Everybody's own, in bulk/test_pages.py.
ELSEWHERE |= {"bulk", "bulk_act", "bulk_stop", "bulk_undo"}
#: By role and right in approvals/test_pages.py.
ELSEWHERE |= {"approvals", "approval_approve", "approval_undo", "approval_changes", "approval_decline"}
ELSEWHERE |= {
    "approval_rules",
    "approval_rule_new",
    "approval_rule",
    "approval_rule_switch",
    "approval_rule_delete",
}
ELSEWHERE |= {"approval_ramp", "approval_approver"}
#: Everybody's own, in test_preview.py.
ELSEWHERE |= {"preview", "preview_start", "preview_cancel"}


@pytest.fixture
def world():
    department, brand = DepartmentFactory(slug="ours"), BrandAccountFactory()
    people = {
        "manager": UserFactory(role=Role.MANAGER, departments=[department], publishes=[brand]),
        "community": UserFactory(role=Role.COMMUNITY, publishes=[brand]),
        "agent": UserFactory(role=Role.AGENT, departments=[department], publishes=[brand]),
        "analyst": UserFactory(role=Role.ANALYST, departments=[department]),
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "other department": UserFactory(
            role=Role.MANAGER, departments=[DepartmentFactory()], publishes=[brand]
        ),
        "other brand": UserFactory(role=Role.COMMUNITY, publishes=[BrandAccountFactory()]),
    }
    messages = {
        visibility: MessageFactory(
            case=CaseFactory(department=department, brand_account=brand, visibility=visibility)
        )
        for visibility in ("public", "direct")
    }
    return people, {
        **{what: (message.case.pk, message) for what, message in messages.items()},
        "absent": (987654321, None),
    }


def ask(client, name, pk, method, data, **headers):
    client.raise_request_exception = False
    address = reverse(f"inbox:{name}", args=[pk])
    return client.get(address, **headers) if method == "get" else client.post(address, data, **headers)


@pytest.mark.slow
@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("what", SEES)
def test_every_address_of_a_case(world, person, what):
    people, things = world
    client = signed_in(people[person])
    for name, (method, data, expected) in OF_A_CASE.items():
        for headers in ({}, HTMX):
            status = ask(client, name, things[what][0], method, data, **headers).status_code
            if person in SEES[what]:
                assert status in expected | {200}, (name, person, what, status)
            else:
                assert status == 404, (name, person, what, status)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("what", SEES)
def test_every_address_of_an_answer(world, person, what):
    people, things = world
    pk = ReplyFactory(parent=things[what][1]).pk if things[what][1] else 987654321
    client = signed_in(people[person])
    for name, (method, data, expected) in OF_A_REPLY.items():
        status = ask(client, name, pk, method, data).status_code
        assert status in (expected if person in SEES[what] else {404}), (name, person, what, status)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("what", SEES)
def test_every_address_of_a_message(world, person, what):
    people, things = world
    pk = things[what][1].pk if things[what][1] else 987654321
    client = signed_in(people[person])
    for name, requests in OF_A_MESSAGE.items():
        for method, data, expected in requests:
            status = ask(client, name, pk, method, data).status_code
            assert status in (expected if person in SEES[what] else {404}), (name, person, what, status)


@pytest.mark.parametrize("name", sorted(OF_NOTHING))
def test_pages_without_an_object_are_for_everyone_signed_in(client, name):
    address = reverse(f"inbox:{name}")
    assert client.get(address).status_code == 302
    assert signed_in(UserFactory()).get(address).status_code == 200


def test_absent_and_forbidden_answer_with_the_same_words(world):
    people, things = world
    outsider = signed_in(people["other department"])
    answers = {
        ask(outsider, "case", pk, "get", {}).content.decode().replace(f"/{pk}/", "")
        for pk in (things["direct"][0], things["absent"][0])
    }
    assert len({answer.split("<main")[1] for answer in answers}) == 1


def test_no_address_is_missing_from_the_table():
    listed = {*OF_A_CASE, *OF_A_REPLY, *OF_A_MESSAGE, *OF_NOTHING, *ELSEWHERE}
    assert {pattern.name for pattern in urls.urlpatterns} == listed
