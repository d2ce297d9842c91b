"""A macro on many cases: each is checked singly, customers are counted first, and one undo takes all back."""

import datetime as dt

import pytest
from django.utils import timezone

from inbox.bulk import acts, work
from inbox.cases import verbs
from inbox.models import BulkAct, BulkItem, BulkItemState, BulkState, Case, Macro, Reply, ReplyState, Status
from tests.factories import CaseFactory, IdentityFactory, MacroFactory, MessageFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db
BULK = "/bulk/"


@pytest.fixture
def cases(brand, service):
    made = [
        CaseFactory(brand_account=brand, department=service, identity=IdentityFactory()) for _ in range(4)
    ]
    for case in made:
        MessageFactory(case=case)
    return made


def test_without_an_answer_it_is_done_and_taken_back_as_one(agent, colleague, cases):
    macro = MacroFactory(title="Close late", does=[("tag", "", "late"), ("resolve", "", "")])
    verbs.dismiss_case(cases[3].pk, colleague, "Spam", now=timezone.now())
    client = signed_in(agent)
    chosen = {"act": "macro", "case": [case.pk for case in cases], "list": "/"}
    assert "Close late" in client.post(BULK, chosen).content.decode()
    done = client.post(BULK, chosen | {"macro": macro.pk, "sure": "1"}, follow=True).content.decode()
    act = BulkAct.objects.get()
    assert (act.done, act.refused, act.state) == (3, 1, BulkState.DONE)
    assert "“Close late” run on 3 cases" in done
    assert "Step 2, “Resolve”" in BulkItem.objects.get(state=BulkItemState.REFUSED).reason
    assert Case.objects.get(pk=cases[3].pk).tags == []
    assert {case.status for case in Case.objects.filter(tags=["late"])} == {Status.RESOLVED}
    client.post(f"{BULK}{act.pk}/undo/")
    act.refresh_from_db()
    assert (act.undone, act.kept) == (3, 0)
    assert not Case.objects.exclude(tags=[]).exists()
    assert Case.objects.open().count() == 3


def test_it_can_be_taken_back_for_days_but_for_what_was_sent(agent, cases):
    macro = MacroFactory(does=[("answer", "", "Thank you"), ("tag", "", "thanked")])
    details = {"macro_id": macro.pk, "title": "x", "version": 1, "answers": True}
    now = timezone.now()
    act = acts.begin_act(agent, "macro", details, acts.Chosen([case.pk for case in cases]), now)
    assert not work.work_on_batch(act.pk, now)
    Reply.objects.filter(case=cases[0]).update(state=ReplyState.SENDING)
    later = now + dt.timedelta(days=2)
    acts.begin_undo(BulkAct.objects.get(), later)
    work.work_on_batch(act.pk, later)
    act.refresh_from_db()
    assert (act.done, act.undone, act.kept) == (4, 3, 1)
    assert "The answer stays" in BulkItem.objects.get(state=BulkItemState.KEPT).reason
    assert not Case.objects.exclude(tags=[]).exists()


def test_customers_are_counted_before_they_get_an_answer(agent, colleague, cases):
    macro = MacroFactory(title="Thank", does=[("answer", "", "Thank you"), ("resolve", "", "")])
    client = signed_in(agent)
    chosen = {
        "act": "macro",
        "case": [case.pk for case in cases],
        "list": "/",
        "macro": macro.pk,
        "sure": "1",
    }
    asked = client.post(BULK, chosen).content.decode()
    assert "Up to 4 customers will get an answer" in asked
    assert not Reply.objects.exists()
    client.post(BULK, chosen | {"answering": "1"})
    assert (Reply.objects.count(), BulkAct.objects.get().done) == (4, 4)
    Macro.objects.update(version=2)
    assert "Up to 4 customers" in client.post(BULK, chosen | {"answering": "1"}).content.decode()


def test_a_macro_that_changed_meanwhile_is_not_run(agent, cases):
    macro, now = MacroFactory(does=[("answer", "", "Thank you")]), timezone.now()
    details = {"macro_id": macro.pk, "title": "x", "version": 1, "answers": True}
    act = acts.begin_act(agent, "macro", details, acts.Chosen([case.pk for case in cases]), now)
    Macro.objects.update(version=2)
    work.work_on_batch(act.pk, now)
    assert {item.reason for item in BulkItem.objects.all()} == {
        "The macro was changed after the act had begun."
    }
    assert not Reply.objects.exists()
