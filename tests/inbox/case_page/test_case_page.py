"""A case's page: what it shows to whom, what can be done on it with and without scripts, at what price."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import BrandAccountGrant, Role
from inbox.case_page.timeline import MESSAGES_PER_PAGE
from inbox.case_page.timeline_items import CHARACTERS_SHOWN
from inbox.cases import verbs
from inbox.changes.change import change_case
from inbox.models import Custody, Decision, Draft, Message, Reply, ReplyState, Status
from inbox.views import case as views
from postgres.paging import encode_cursor
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing", slug="billing")


@pytest.fixture
def brand():
    return BrandAccountFactory(handle="yourbrand")


@pytest.fixture
def agent(service, brand):
    return UserFactory(departments=[service], publishes=[brand], initials="AB")


@pytest.fixture
def case(service, brand, now):
    return CaseFactory(department=service, brand_account=brand, created_at=now - dt.timedelta(minutes=30))


@pytest.fixture
def message(case):
    return MessageFactory(case=case, text="My card shows two charges.")


@pytest.fixture
def client(agent):
    return signed_in(agent)


def page(client, case, query="", **headers):
    response = client.get(f"/cases/{case.pk}/{query}", **headers)
    assert response.status_code == 200
    return response.content.decode()


def post(client, name, pk, **data):
    return client.post(reverse(f"inbox:{name}", args=[pk]), data)


def answer(case, message, **changed):
    form = {
        "parent": message.pk,
        "composer_id": str(uuid.uuid4()),
        "version": case.version,
        "text": "We are on it.",
    }
    return {**form, **changed}


def test_it_shows_the_thread_the_customer_and_why_it_is_here(client, case, message, service, now):
    MessageFactory(case=case, outbound=True, text="Sorry about that.", network_time=now)
    Decision.objects.create(
        message=message, case=case, department=service, decided_by="rule", version=12, at=now,
        reasons=["“charged twice” → Service (rule 7, v12)"],
    )  # fmt: skip
    shown = page(client, case)
    for expected in (
        "My card shows two charges.", "Sorry about that.", "“charged twice” → Service (rule 7, v12)", "With us for",
        case.identity.display_name, "public on X", "in X’s own app", "Why here", "280",
    ):  # fmt: skip
        assert expected in shown, expected
    assert shown.index("My card shows") < shown.index("Sorry about that.")


def test_a_pattern_of_a_rule_is_not_spelt_out(client, case, message, service, now):
    Decision.objects.create(
        message=message, case=case, department=service, decided_by="rule", version=12, at=now,
        reasons=["The pattern “\\b(can|could) (i|we|…” and the word “card” → Service (rule “Asks”, version 12)"],
    )  # fmt: skip
    html = page(client, case)
    assert "A pattern and the word “card” → Service (rule “Asks”, version 12)" in html
    assert "(can|could)" not in html


def test_who_hands_a_case_over_is_not_offered_to_bounce_their_own(service, brand, case, message, now):
    billing = DepartmentFactory()
    manager = UserFactory(role=Role.MANAGER, departments=[service, billing])
    other = signed_in(UserFactory(role=Role.MANAGER, departments=[billing]))
    verbs.hand_over_case(case.pk, manager, billing, "A charge", now=now)
    assert 'data-key="b"' not in page(signed_in(manager), case)
    assert 'data-key="b"' in page(other, case)


def test_htmx_gets_the_pane_alone_with_its_title(client, case, message):
    fragment = page(client, case, **HTMX)
    assert "<html" not in fragment
    assert f"<title>{case.identity.display_name} · Horseshoe</title>" in fragment
    assert 'id="case"' in fragment


def test_the_live_fragment_leaves_what_is_being_typed_alone(client, case, message):
    changes = client.get(reverse("inbox:case_thread", args=[case.pk]), **HTMX).content.decode()
    assert 'id="thread-newest"' in changes
    assert 'id="composer-state" hx-swap-oob="true"' in changes
    assert '<textarea class="box"' not in changes


def test_a_long_case_shows_the_newest_and_the_rest_page_by_page(client, case, now):
    texts = [f"number {n:03}" for n in range(MESSAGES_PER_PAGE * 2 + 5)]
    for n, text in enumerate(texts):
        MessageFactory(case=case, text=text, network_time=now - dt.timedelta(minutes=len(texts) - n))
    seen, path = [], f"/cases/{case.pk}/"
    while path:
        content = client.get(path).content.decode()
        seen += [text for text in texts if f">{text}<" in content]
        start = content.find("?before=")
        path = f"/cases/{case.pk}/" + content[start : content.index('"', start)] if start > 0 else ""
    assert sorted(seen) == texts


def test_a_page_that_shows_more_keeps_showing_it(client, case, now):
    for n in range(MESSAGES_PER_PAGE + 10):
        MessageFactory(case=case, text=f"number {n:03}", network_time=now - dt.timedelta(minutes=100 - n))
    first = client.get(f"/cases/{case.pk}/").content.decode()
    at = first.index('id="thread-start" value="') + len('id="thread-start" value="')
    start = first[at : first.index('"', at)]
    MessageFactory(case=case, text="the newest", network_time=now)
    again = client.get(f"/cases/{case.pk}/thread/?start={start}", **HTMX).content.decode()
    assert "the newest" in again
    assert "number 010" in again


def test_it_costs_the_same_for_one_message_and_for_many_and_at_most_twelve(agent, client, case, message, now):
    few = count_statements(client, f"/cases/{case.pk}/")
    for n in range(MESSAGES_PER_PAGE * 2):
        MessageFactory(case=case, outbound=n % 2 == 0, user=agent, network_time=now - dt.timedelta(minutes=n))
        verbs.add_note(case.pk, agent, f"note {n}", now=now)
    for _ in range(3):
        other = CaseFactory(
            identity=case.identity, department=case.department, brand_account=case.brand_account
        )
        IdentityFactory(customer=other.customer)
    ReplyFactory(parent=message, author=agent)
    assert count_statements(client, f"/cases/{case.pk}/") == few <= 12


def test_hostile_text_is_shown_and_does_nothing(client, service, brand):
    hostile = (
        '</textarea><script>alert(1)</script><a href="javascript:alert(1)" hx-get="/evil">{{ settings }}'
    )
    case = CaseFactory(
        department=service, brand_account=brand, preview=hostile[:240],
        identity=IdentityFactory(handle=hostile[:150], name=hostile),
    )  # fmt: skip
    MessageFactory(
        case=case, text=hostile, permalink="javascript:alert(1)",
        attachments=[{"kind": hostile[:40], "url": "data:text/html,x", "name": hostile}],
    )  # fmt: skip
    shown = page(client, case)
    assert "<script>alert" not in shown
    assert 'href="javascript' not in shown
    assert 'href="data:' not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "{{ settings }}" in shown


def test_an_immense_word_is_folded(client, case):
    MessageFactory(case=case, text="w" * 100_000)
    shown = page(client, case)
    assert f"Show the rest ({100_000 - CHARACTERS_SHOWN} characters)" in shown


def test_a_deleted_message_is_a_tombstone_and_an_edited_one_says_so(client, case, now):
    MessageFactory(case=case, text="gone", deleted_at=now)
    MessageFactory(case=case, text="new words", edited_at=now, history=[{"text": "old words", "until": "x"}])
    shown = page(client, case)
    assert "Deleted on the network" in shown
    assert "old words" in shown


def test_notes_are_for_those_who_may_read_them(client, agent, case, message, service, now):
    verbs.add_note(case.pk, agent, "Second capture is a real double.", now=now)
    assert "Second capture" in page(client, case)
    for role in (Role.ANALYST, Role.ADMINISTRATOR):
        reader = signed_in(UserFactory(role=role, departments=[service]))
        shown = page(reader, case)
        assert "Second capture" not in shown
        assert ' name="note"' not in shown
        assert 'id="answer"' not in shown


def test_verbs_work_without_scripts(client, agent, case, message, billing):
    assert post(client, "assign", case.pk, to="me", version=case.version).url == f"/cases/{case.pk}/"
    case.refresh_from_db()
    assert case.assignee == agent
    post(client, "note", case.pk, note="Ask for the order number.")
    post(client, "resolve", case.pk)
    case.refresh_from_db()
    assert case.status == Status.RESOLVED
    post(client, "reopen", case.pk)
    post(client, "dismiss", case.pk, reason="Spam")
    case.refresh_from_db()
    assert (case.status, case.close_reason) == (Status.DISMISSED, "Spam")
    post(client, "reopen", case.pk)
    left = client.post(
        reverse("inbox:hand_over", args=[case.pk]),
        {"department": "billing", "reason": "A charge", "wrong_department": "on"},
        follow=True,
    )
    assert left.redirect_chain[-1][0] == "/"
    assert "Handed over to Billing." in left.content.decode()
    held = Custody.objects.get(case=case, left_at__isnull=True)
    assert (held.department, held.reason, held.wrong_department) == (billing, "A charge", True)


def test_a_hand_over_by_htmx_takes_those_who_lose_the_case_to_the_queue(client, case, billing):
    response = client.post(
        reverse("inbox:hand_over", args=[case.pk]), {"department": "billing", "reason": "A charge"}, **HTMX
    )
    assert response["HX-Redirect"] == "/"


def test_a_stale_form_is_refused_and_keeps_what_was_typed(client, agent, case, message, billing, now):
    colleague = UserFactory(departments=[case.department], first_name="Mara", last_name="Lind")
    verbs.claim_case(case.pk, colleague, now=now)
    data = {"department": "billing", "reason": "They were charged twice", "version": case.version}
    for headers in ({}, HTMX):
        response = client.post(reverse("inbox:hand_over", args=[case.pk]), data, **headers)
        content = response.content.decode()
        assert response.status_code in (403, 409)
        assert "They were charged twice" in content
        assert 'class="banner' in content
    case.refresh_from_db()
    assert case.department != billing


def test_taking_what_a_colleague_has_is_a_conflict(client, case, message, now):
    colleague = UserFactory(departments=[case.department], first_name="Mara", last_name="Lind")
    verbs.claim_case(case.pk, colleague, now=now)
    response = post(client, "assign", case.pk, to="me")
    assert response.status_code == 409
    assert "Mara Lind has this case already." in response.content.decode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("hand_over", {"department": "nowhere", "reason": "x"}),
        ("hand_over", {"department": "\x00", "reason": "x"}),
        ("hand_over", {"department": "service", "reason": ""}),
        ("dismiss", {"reason": " "}),
        ("note", {"note": ""}),
        ("assign", {"to": "999999999999999999999"}),
        ("assign", {"to": "somebody"}),
    ],
)
def test_input_without_sense_is_explained(client, case, message, name, data):
    response = post(client, name, case.pk, **data)
    assert response.status_code == 422
    assert "Not saved" in response.content.decode()


def test_verbs_refuse_get(client, case):
    for name in ("assign", "hand_over", "note", "resolve", "reopen", "dismiss", "reply", "draft"):
        assert client.get(reverse(f"inbox:{name}", args=[case.pk])).status_code == 405, name


def test_an_answer_is_queued_shown_and_can_be_taken_back(client, agent, case, message):
    Draft.objects.create(case=case, user=agent, text="We are", updated_at=timezone.now())
    assert "We are</textarea>" in page(client, case)
    response = client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message), **HTMX)
    shown = response.content.decode()
    reply = Reply.objects.get()
    assert (reply.text, reply.state) == ("We are on it. ^AB", ReplyState.QUEUED)
    assert "sending in" in shown
    assert f'action="/replies/{reply.pk}/cancel/"' in shown
    assert '"></textarea>' in shown
    back = post(client, "reply_cancel", reply.pk)
    assert back.url == f"/cases/{case.pk}/"
    reply.refresh_from_db()
    assert reply.state == ReplyState.CANCELLED
    assert "We are on it. ^AB</textarea>" in page(client, case)


def test_a_second_answer_is_refused_because_of_ones_own_first(client, agent, case, message):
    client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message))
    again = answer(case, message, text="And one more thing.", version=case.version + 1)
    response = client.post(reverse("inbox:reply", args=[case.pk]), again, **HTMX)
    content = response.content.decode()
    assert response.status_code == 409
    assert "You have answered already" in content
    assert (
        "Your answer of" in content and "is still waiting to be sent. To send another one, take it" in content
    )
    assert "Somebody got there first" not in content
    assert Draft.objects.get(case=case, user=agent).text == "And one more thing."


def test_what_one_did_in_another_tab_is_not_somebody_elses_doing(client, agent, case, message, now):
    seen = case.version
    verbs.claim_case(case.pk, agent, now=now)
    response = post(client, "dismiss", case.pk, reason="Spam", version=seen)
    content = response.content.decode()
    assert response.status_code == 409
    assert "This case has changed" in content and "You took this case at" in content
    assert "Somebody got there first" not in content


def test_a_doubled_submit_makes_one_answer(client, case, message):
    form = answer(case, message)
    for _ in range(2):
        assert client.post(reverse("inbox:reply", args=[case.pk]), form).status_code == 302
    assert Reply.objects.count() == 1


def test_an_answer_to_a_case_that_changed_is_refused_and_its_text_kept(client, agent, case, message):
    seen = case.version
    case.version += 1
    case.save(update_fields=["version"])
    response = client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message, version=seen))
    content = response.content.decode()
    assert response.status_code == 409
    assert "This case has changed" in content
    assert "The customer wrote" in content
    assert "Somebody got there first" not in content
    assert "We are on it.</textarea>" in content
    assert Draft.objects.get(case=case, user=agent).text == "We are on it."
    assert not Reply.objects.exists()


def test_an_answer_that_is_too_long_is_refused_with_the_number(client, case, message):
    response = client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message, text="a" * 300))
    assert response.status_code == 422
    assert "Shorten it by 24." in response.content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Good\ufeff day", "X refuses an invisible character (U+FEFF) after “Good”."),
        ("\ufffeHello", "X refuses an invisible character (U+FFFE) at the beginning."),
        ("We are on\uffff it", "X refuses an invisible character (U+FFFF) after “on”."),
    ],
)
def test_a_character_that_x_refuses_is_refused_before_and_its_place_named(
    client, agent, case, message, text, words
):
    response = client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message, text=text))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Draft.objects.get(case=case, user=agent).text == text
    assert not Reply.objects.exists()


def test_a_direct_message_on_x_is_measured_by_characters(client, agent, service, brand, now):
    case = CaseFactory(department=service, brand_account=brand, visibility="direct")
    message = MessageFactory(case=case)
    assert post(client, "draft", case.pk, text="字" * 6_000).json() == {"length": 6_004}
    refused = client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message, text="字" * 9_997))
    assert "Shorten it by 1." in refused.content.decode()
    long = client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message, text="字" * 9_996))
    assert (long.status_code, Reply.objects.count()) == (302, 1)


@pytest.mark.parametrize(
    "changed", [{"composer_id": "x"}, {"parent": "x"}, {"parent": ""}, {"parent": "9" * 40}]
)
def test_a_broken_form_loses_nothing(client, agent, case, message, changed):
    response = client.post(reverse("inbox:reply", args=[case.pk]), answer(case, message, **changed))
    assert response.status_code == 422
    assert "We are on it.</textarea>" in response.content.decode()
    assert Draft.objects.get(case=case, user=agent).text == "We are on it."
    assert not Reply.objects.exists()


def test_a_refused_answer_leaves_the_composer_and_the_earlier_messages_of_an_open_page_alone(
    client, case, message, now
):
    for n in range(MESSAGES_PER_PAGE):
        MessageFactory(case=case, outbound=True, network_time=now - dt.timedelta(minutes=n))
    start = encode_cursor(message.network_time, message.pk)
    assert "My card shows two charges." not in page(client, case)
    response = client.post(
        reverse("inbox:reply", args=[case.pk]), answer(case, message, text="a" * 300, start=start), **HTMX
    )
    changes = response.content.decode()
    assert response.status_code == 422
    assert "Shorten it by 24." in changes
    assert "My card shows two charges." in changes
    assert 'id="composer-state" hx-swap-oob="true"' in changes
    assert '<textarea class="box" id="answer"' not in changes


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        ("sending", {}, "sending…"),
        ("failed", {"error": "X says no."}, "X says no."),
        ("unconfirmed", {"error": "It timed out."}, "checking whether it was posted"),
        ("unconfirmed", {"needs_person": True}, "A manager or community manager has to check"),
        ("queued", {"error": "X is busy.", "send_after_seconds": 300}, "queued, trying again in 4 min"),
    ],
)
def test_the_thread_tells_the_truth_about_an_answer(client, agent, case, message, now, state, fields, words):
    later = fields.get("send_after_seconds", 0)
    ReplyFactory(
        parent=message, author=agent, state=state, send_after=now + dt.timedelta(seconds=later),
        **{name: value for name, value in fields.items() if name != "send_after_seconds"},
    )  # fmt: skip
    assert words in page(client, case)


def test_a_sent_answer_is_shown_once(client, agent, case, message, now):
    ReplyFactory(parent=message, author=agent, state="sent", remote_id="77", text="Sent words", sent_at=now)
    MessageFactory(case=case, outbound=True, user=agent, remote_id="77", text="Sent words", network_time=now)
    assert page(client, case).count("Sent words") == 1


def test_a_manager_settles_an_unconfirmed_answer(case, message, service, brand):
    manager = UserFactory(role=Role.MANAGER, departments=[service])
    reply = ReplyFactory(parent=message, state="unconfirmed", needs_person=True)
    client = signed_in(manager)
    assert "Not posted: send again" in page(client, case)
    assert post(client, "reply_settle", reply.pk, decision="nonsense").status_code == 422
    assert post(client, "reply_settle", reply.pk, decision="give_up").status_code == 302
    reply.refresh_from_db()
    assert reply.state == ReplyState.FAILED


def test_a_draft_is_kept_and_measured_with_the_signature(client, agent, case, message):
    response = post(
        client, "draft", case.pk, text="日本語 https://example.org/a/long/address/that/counts/as/one"
    )
    assert response.json() == {"length": 6 + 1 + 23 + 4}
    assert Draft.objects.get(case=case, user=agent).text.startswith("日本語")
    assert post(client, "draft", case.pk, text="").json() == {"length": 0}
    assert not Draft.objects.exists()


def test_it_says_why_nobody_can_answer(client, agent, case, message):
    agent.grants.update(can_publish=False)
    body = page(client, case)
    assert "have permission to answer as @yourbrand." in body
    assert "Ask an administrator." in body
    assert re.search(r'id="send"[^>]*\sdisabled', body)


def test_without_permission_it_names_whom_to_ask_and_who_may_answer(client, agent, case, message):
    agent.grants.update(can_publish=False)
    names = (
        ("Ada", "Aal", Role.ADMINISTRATOR, False),
        ("Bo", "Berg", Role.AGENT, True),
        ("Cy", "Cole", Role.MANAGER, True),
    )
    for first, last, role, answers in names:
        may = [case.brand_account] if answers else []
        UserFactory(first_name=first, last_name=last, role=role, publishes=may)
    UserFactory(first_name="Gone", role=Role.ADMINISTRATOR, is_active=False)
    assert "Ask Ada Aal to allow it. Until then Bo Berg or Cy Cole can answer." in page(client, case)


def test_the_head_of_a_case_says_which_colleague_has_it(client, agent, case, message, service):
    colleague = UserFactory(departments=[service])
    address = reverse("inbox:case", args=[case.pk])
    for assignee, seen in ((None, False), (agent, False), (colleague, True)):
        case.assignee = assignee
        case.save(update_fields=["assignee"])
        assert (f"<bdi>{colleague}</bdi> has it" in client.get(address).content.decode()) is seen


def test_a_case_that_changed_while_its_page_was_read_can_be_acted_on(client, case, message, now, monkeypatch):
    read_case, versions = views.read_case, []

    def read_and_change(*arguments):
        row = read_case(*arguments)
        if not versions:
            MessageFactory(case=case, text="And one more thing", network_time=now)
            with change_case(case.pk, now=now) as change:
                change.set(last_inbound_at=now)
        versions.append(row.version)
        return row

    monkeypatch.setattr(views, "read_case", read_and_change)
    html = page(client, case, "thread/", **HTMX)
    case.refresh_from_db()
    assert versions == [case.version - 1, case.version]
    assert "And one more thing" in html
    assert f'name="version" value="{case.version}"' in html
    assert f'name="version" value="{case.version - 1}"' not in html


def test_the_end_of_a_reply_window_stands_under_the_answer(client, agent, service, now):
    """While it is open its end; afterwards why, and the way to the conversation."""
    facebook = BrandAccountFactory(network="facebook")
    BrandAccountGrant.objects.create(user=agent, brand_account=facebook, can_publish=True)
    case = CaseFactory(department=service, brand_account=facebook, visibility="direct", created_at=now)
    message = MessageFactory(case=case, permalink="https://www.facebook.com/crumb/inbox/5/")
    assert "Facebook lets us answer until" in page(client, case)
    Message.objects.filter(pk=message.pk).update(network_time=now - dt.timedelta(hours=25))
    shown = page(client, case)
    assert "Human Agent permission would make it 7 days" in shown
    assert shown.count("https://www.facebook.com/crumb/inbox/5/") == 2
