"""The pages of acts, as somebody without scripts sees them: choose, say what is missing, follow, stop, undo."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox import tasks
from inbox.bulk import acts, selection, words
from inbox.cases import verbs
from inbox.models import BulkAct, BulkState, BulkVerb, Case, CaseEvent, SnoozeFor, Status, Verb, Watch
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, IdentityFactory, UserFactory
from tests.inbox.page_requests import HTMX, signed_in

pytestmark = pytest.mark.django_db
BULK = "/bulk/"


class Desk:
    """A manager with four open cases, one closed, and one of another department that she only watches."""

    def __init__(self):
        self.service, self.billing = (
            DepartmentFactory(name="Service", slug="service"),
            DepartmentFactory(name="Billing", slug="billing"),
        )
        self.ann = UserFactory(
            role=Role.MANAGER, departments=[self.service], first_name="Ann", last_name="Bell"
        )
        self.ben = UserFactory(departments=[self.service])
        self.brand = BrandAccountFactory()
        self.cases = [self.build(f"Customer {letter}", self.service) for letter in "ABCD"]
        self.closed = self.build(
            "Customer E", self.service, status=Status.RESOLVED, closed_at=timezone.now(), waiting_since=None
        )
        self.watched = self.build("Customer F", self.billing)
        Watch.objects.create(case=self.watched, user=self.ann, since=timezone.now())
        self.browser = signed_in(self.ann)

    def build(self, name, department, **values):
        """A case of a customer, who has a handle of the last letter."""
        return CaseFactory(
            department=department,
            brand_account=self.brand,
            identity=IdentityFactory(name=name, handle=name[-1]),
            **values,
        )

    def post(self, act, cases=None, follow=True, **fields):
        ids = [case.pk for case in (self.cases if cases is None else cases)]
        return self.browser.post(BULK, {"act": act, "case": ids, "list": "/", **fields}, follow=follow)

    def statuses(self):
        return {Case.objects.get(pk=case.pk).status for case in self.cases}


@pytest.fixture
def desk():
    return Desk()


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_few_selected_cases_are_resolved_at_once_and_undone_as_one(desk):
    page = desk.browser.get("/")
    assert page.content.decode().count('type="checkbox" name="case"') == 4
    done = desk.post("resolve")
    assert done.redirect_chain[-1][0] == "/"
    assert "4 cases resolved." in text_of(done)
    assert desk.statuses() == {Status.RESOLVED}
    undo = re.search(r'action="(/bulk/\d+/undo/)"', done.content.decode())[1]
    assert "Undone: 4 cases resolved." in text_of(desk.browser.post(undo, follow=True))
    assert desk.statuses() == {Status.NEW}
    assert "already" not in text_of(desk.browser.post(undo, follow=True))


@pytest.mark.parametrize(
    ("act", "fields", "asked", "done"),
    [
        ("dismiss", {"reason": "Spam"}, "Why they need no answer", "4 cases dismissed."),
        ("tag", {"tag": "scam"}, "The tag that they get", "4 cases tagged #scam."),
        ("assign", {"to": "nobody"}, "Nobody: back to the department", "4 cases assigned to nobody."),
        ("hand_over", {"department": "billing", "reason": "Money"}, "Choose a department", "4 cases handed over to Billing."),
        ("prioritise", {"priority": "2"}, "Urgent", "Priority of 4 cases set to Urgent."),
        ("snooze", {"preset": "customer"}, "Until the customer writes", "4 cases snoozed until the customer writes."),
        ("take", {}, "", "4 cases taken."),
    ],
)  # fmt: skip
def test_an_act_asks_for_what_it_needs_and_says_what_it_did(desk, act, fields, asked, done):
    if act == "assign":
        for case in desk.cases:
            verbs.assign_case(case.pk, desk.ann, desk.ben, now=timezone.now())
    if asked:
        page = desk.post(act)
        assert asked in text_of(page)
        assert (
            CaseEvent.objects.filter(actor=desk.ann).exclude(verb__in=[Verb.ASSIGNED, Verb.ACCEPTED]).count()
            == 0
        )
        wrong = desk.post(act, **dict.fromkeys(fields, "  "))
        assert (wrong.status_code, "Nothing was done." in text_of(wrong)) == (422, True)
    assert done in text_of(desk.post(act, sure="1", **fields))


def test_all_that_match_are_counted_first_and_what_is_left_alone_is_named(desk, monkeypatch):
    monkeypatch.setattr(acts, "AT_ONCE", 2)
    page = desk.browser.post(
        BULK, {"act": "dismiss", "every": "1", "list": "/?network=x", "left_out": [desk.cases[0].pk]}
    )
    assert "Dismiss 3 cases without an answer ?" in text_of(page) or "answer?" in text_of(page)
    assert "All cases of the list All open (open cases on X), 1 left out : 3 now." in text_of(page)
    watching = desk.browser.post(BULK, {"act": "resolve", "every": "1", "list": "/queue/watching/"})
    assert "1 that you only watch, and may not change: @F" in text_of(watching)
    form = dict(
        re.findall(
            r'type="hidden" name="(act|list|sure|every|left_out)" value="([^"]*)"', page.content.decode()
        )
    )
    begun = desk.browser.post(BULK, {**form, "reason": "Spam"}, follow=True)
    act = BulkAct.objects.get()
    assert begun.redirect_chain[-1][0] == f"/bulk/{act.pk}/"
    assert "Dismissing 3 cases" in text_of(begun)
    assert "0 of 3 done" in text_of(begun)
    assert 'hx-trigger="every 1s"' in begun.content.decode()
    tasks.work_on_bulk_act(act.pk)
    fragment = desk.browser.get(f"/bulk/{act.pk}/", **HTMX)
    assert "3 cases dismissed" in text_of(fragment)
    assert "hx-trigger" not in fragment.content.decode()
    assert Case.objects.get(pk=desk.cases[0].pk).is_open
    assert "3 cases dismissed" in text_of(desk.browser.get(BULK))
    desk.browser.post(f"/bulk/{act.pk}/undo/")
    assert "Undoing: 3 cases dismissed" in text_of(desk.browser.get(f"/bulk/{act.pk}/"))
    tasks.work_on_bulk_act(act.pk)
    assert "Each is as it was before." in text_of(desk.browser.get(f"/bulk/{act.pk}/"))


def test_more_than_a_few_chosen_ones_are_closed_only_after_a_question(desk, monkeypatch):
    monkeypatch.setattr(acts, "AT_ONCE", 3)
    asked = desk.post("resolve", [*desk.cases, desk.closed])
    assert "1 is closed already: @E" in text_of(asked)
    assert "Resolve 4 cases" in text_of(asked)
    begun = desk.post("resolve", [*desk.cases, desk.closed], sure="1")
    act = BulkAct.objects.get()
    desk.browser.post(f"/bulk/{act.pk}/stop/")
    stopped = text_of(desk.browser.get(f"/bulk/{act.pk}/"))
    assert "Stopped. 5 cases had not been touched yet and stay as they are." in stopped
    assert begun.status_code == 200
    assert desk.statuses() == {Status.NEW}


def test_what_a_small_act_leaves_as_it_is_stands_there_with_the_reason(desk):
    page = desk.post("resolve", [*desk.cases, desk.closed, desk.watched])
    said = text_of(page)
    assert "4 cases resolved" in said
    assert "2 left as they are, listed below." in said
    assert "It was resolved already. @E" in said
    assert f"You may not work on this case, or it is gone. Case {desk.watched.pk}" in said


def test_nothing_selected_or_a_list_that_is_none_is_said_in_the_list(desk):
    assert "No case is selected." in text_of(desk.post("resolve", []))
    assert "Choose what to do" in text_of(desk.post("explode"))
    for address in ("/search/", "//evil.example/", "javascript:alert(1)", "/queue/department/nowhere/", ""):
        answer = desk.browser.post(BULK, {"act": "resolve", "every": "1", "list": address}, follow=True)
        assert answer.redirect_chain[-1][0] == "/"
        assert "That list is not there any more." in text_of(answer)


def test_an_analyst_has_no_bar_and_nobody_sees_the_act_of_another(desk):
    analyst = signed_in(UserFactory(role=Role.ANALYST, departments=[desk.service]))
    assert 'id="bulk"' not in analyst.get("/").content.decode()
    assert 'name="case"' not in analyst.get("/").content.decode()
    for answer in (analyst.get(BULK), analyst.post(BULK, {"act": "resolve", "case": [desk.cases[0].pk]})):
        assert answer.status_code == 403
    desk.post("resolve")
    act, ben = BulkAct.objects.get(), signed_in(desk.ben)
    for name, method in (("bulk_act", "get"), ("bulk_stop", "post"), ("bulk_undo", "post")):
        assert getattr(ben, method)(reverse(f"inbox:{name}", args=[act.pk])).status_code == 404
    assert desk.statuses() == {Status.RESOLVED}


def test_every_act_in_every_state_has_words():
    details = {
        "assignee_id": None, "department_id": 0, "reason": "x", "tag": "late", "priority": 1,
        "waits_for": SnoozeFor.TIME.value, "until": timezone.now().isoformat(),
    }  # fmt: skip
    for verb in BulkVerb:
        assert words.describe_wish(verb, 1).count("1 case") == 1
        for state in BulkState:
            act = BulkAct(verb=verb, state=state, details=details, found=2, done=2, undone=2)
            if verb not in (BulkVerb.ASSIGN, BulkVerb.HAND_OVER):
                assert "2 cases" in words.describe_act(act, timezone.now())
    asked = QueryDict("preset=at&day=2030-01-02&time=10:00")
    moment = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    snoozed = selection.parse_details(BulkVerb.SNOOZE, UserFactory.build(), asked, moment)
    assert snoozed is not None
    assert snoozed["until"].startswith("2030-01-02")
    assert selection.parse_ids(["1", "1", "-2", "9" * 30, "٣", "x"]) == [1]
