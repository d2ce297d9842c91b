"""Acts survive their workers, can be stopped, notify each person once, and leave alone what others have changed."""

from __future__ import annotations

import datetime as dt

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from accounts.models import Role, User
from inbox import tasks
from inbox.bulk import acts, undoing, work
from inbox.cases import verbs
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.models import (
    BulkAct,
    BulkItem,
    BulkItemState,
    BulkState,
    BulkVerb,
    Case,
    CaseEvent,
    Custody,
    Notice,
    NoticeKind,
    Status,
    Verb,
)
from inbox.notices.watches import set_watching
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db


class Desk:
    """A manager, a colleague and seven open cases of their department."""

    def __init__(self):
        self.now = timezone.now()
        self.service, self.billing = DepartmentFactory(name="Service"), DepartmentFactory(name="Billing")
        self.ann = UserFactory(
            role=Role.MANAGER, departments=[self.service], first_name="Ann", last_name="Bell"
        )
        self.ben = UserFactory(departments=[self.service])
        brand = BrandAccountFactory()
        self.cases = [
            CaseFactory(department=self.service, brand_account=brand, priority=number % 2)
            for number in range(7)
        ]
        self.ids = [case.pk for case in self.cases]

    def begin(self, verb=BulkVerb.RESOLVE, ids=None, by=None, **details):
        return acts.begin_act(by or self.ann, verb, details, acts.Chosen(ids or self.ids), self.now)

    def resolved(self):
        return Case.objects.filter(pk__in=self.ids, status=Status.RESOLVED).count()


@pytest.fixture
def desk():
    return Desk()


def finish(act):
    while work.work_on_act(act.pk):
        pass
    act.refresh_from_db()
    return act


def test_a_worker_that_dies_loses_its_batch_and_the_next_goes_on_there(desk, monkeypatch):
    monkeypatch.setattr(work, "BATCH_SIZE", 2)
    act = desk.begin()
    assert work.work_on_batch(act.pk, desk.now)
    with monkeypatch.context() as dying:
        dying.setattr(work, "_add_progress", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            work.work_on_batch(act.pk, desk.now)
    assert desk.resolved() == 2
    BulkAct.objects.filter(pk=act.pk).update(worked_at=desk.now - dt.timedelta(minutes=1))
    assert work.due_act_ids(desk.now) == [act.pk]
    tasks.work_on_bulk_act(act.pk)
    tasks.work_on_bulk_act(act.pk)
    act.refresh_from_db()
    assert (act.state, act.done, act.refused, desk.resolved()) == (BulkState.DONE, 7, 0, 7)
    events = CaseEvent.objects.filter(case__in=desk.ids, verb=Verb.RESOLVED, actor=desk.ann)
    assert events.count() == 7
    assert work.due_act_ids(desk.now + dt.timedelta(hours=1)) == []


def test_a_batch_whose_cases_are_held_by_others_is_tried_again(desk, monkeypatch):
    class LockTimeout(Exception):
        sqlstate = "55P03"

    tries = []

    def lock_batch(*arguments, **options):
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError from LockTimeout()
        return lock(*arguments, **options)

    lock = work.lock_batch
    monkeypatch.setattr(work, "ATTEMPT_PAUSE", 0)
    monkeypatch.setattr(work, "lock_batch", lock_batch)
    assert finish(desk.begin()).done == 7


def test_an_act_that_fails_unforeseen_stops_says_so_and_can_be_undone(desk, monkeypatch):
    act = desk.begin()
    monkeypatch.setattr(work, "BATCH_SIZE", 3)
    write, batches = work._perform_items, []

    def fail_later(*values):
        batches.append(values)
        if len(batches) > 1:
            raise ZeroDivisionError("nobody foresaw this")
        return write(*values)

    monkeypatch.setattr(work, "_perform_items", fail_later)
    assert not work.work_on_act(act.pk)
    assert work.due_act_ids(desk.now + dt.timedelta(hours=1)) == []
    assert desk.resolved() == 3
    page = signed_in(desk.ann).get(f"/bulk/{act.pk}/").content.decode()
    assert "Stopped, because something unexpected happened." in page
    assert "4 cases had not been touched yet" in " ".join(page.split())
    act.refresh_from_db()
    acts.begin_undo(act, desk.now)
    finish(act)
    assert desk.resolved() == 0
    assert "something unexpected" not in signed_in(desk.ann).get(f"/bulk/{act.pk}/").content.decode()


@pytest.mark.parametrize("error", [InterfaceError("closed"), MemoryError(), SoftTimeLimitExceeded()])
def test_what_says_nothing_of_an_act_does_not_stop_it(desk, monkeypatch, error):
    act = desk.begin()

    def fail(*_values):
        raise error

    monkeypatch.setattr(work, "_perform_items", fail)
    with pytest.raises(type(error)):
        work.work_on_act(act.pk)
    assert work.due_act_ids(desk.now + dt.timedelta(hours=1)) == [act.pk]


def test_what_is_stopped_stays_as_far_as_it_came_and_is_undone_as_far(desk, monkeypatch):
    monkeypatch.setattr(work, "BATCH_SIZE", 3)
    act = desk.begin()
    work.work_on_batch(act.pk, desk.now)
    with pytest.raises(Invalid, match="still running"):
        acts.begin_undo(act, desk.now)
    assert acts.stop_act(act, desk.now)
    assert not acts.stop_act(act, desk.now)
    assert not work.work_on_batch(act.pk, desk.now)
    assert desk.resolved() == 3
    acts.begin_undo(act, desk.now)
    acts.begin_undo(act, desk.now)
    assert (finish(act).state, act.undone, desk.resolved()) == (BulkState.UNDONE, 3, 0)


def test_an_undo_leaves_alone_what_somebody_has_changed_since_and_says_who(desk):
    act = finish(desk.begin(BulkVerb.DISMISS, reason="Spam"))
    verbs.reopen_case(desk.ids[0], desk.ben, now=desk.now + dt.timedelta(minutes=1))
    acts.begin_undo(act, desk.now)
    assert (finish(act).undone, act.kept) == (6, 1)
    item = BulkItem.objects.get(act=act, state=BulkItemState.KEPT)
    assert item.case_id == desk.ids[0]
    assert item.reason.startswith(f"{desk.ben} reopened this case")
    with pytest.raises(Invalid, match="7 days"):
        acts.begin_undo(act, desk.now + dt.timedelta(days=8))
    assert acts.delete_old_acts(desk.now + dt.timedelta(days=6)) == 0
    assert acts.delete_old_acts(desk.now + dt.timedelta(days=8)) == 8


def test_a_hand_over_that_a_department_had_for_a_while_is_sent_back_with_its_time_there(desk):
    act = finish(desk.begin(BulkVerb.HAND_OVER, department_id=desk.billing.pk, reason="Money"))
    accepted = Custody.objects.filter(case=desk.ids[0], left_at__isnull=True)
    accepted.update(accepted_at=desk.now, accepted_by=desk.ben)
    acts.begin_undo(act, desk.now)
    later = timezone.now() + dt.timedelta(hours=1)
    assert not work.work_on_batch(act.pk, later)
    act.refresh_from_db()
    assert (act.undone, act.kept) == (6, 1)
    assert "has accepted it already" in BulkItem.objects.get(act=act, state=BulkItemState.KEPT).reason
    held = (
        Custody.objects.filter(case=desk.ids[1])
        .order_by("sent_at")
        .values_list("department__name", flat=True)
    )
    assert list(held) == ["Service", "Billing", "Service"]
    assert Case.objects.get(pk=desk.ids[1]).department == desk.service


def test_only_ones_own_rights_count_at_the_moment_of_the_work(desk):
    elsewhere = CaseFactory(department=desk.billing)
    assert finish(desk.begin(ids=[*desk.ids, elsewhere.pk, 10**9])).refused == 1
    refused = BulkItem.objects.get(state=BulkItemState.REFUSED)
    assert (refused.case_id, refused.reason) == (elsewhere.pk, work.NOT_YOURS)
    with pytest.raises(NotAllowed):
        desk.begin(by=UserFactory(role=Role.ANALYST, departments=[desk.service]))
    act = desk.begin(BulkVerb.TAG, tag="late")
    User.objects.filter(pk=desk.ann.pk).update(is_active=False)
    assert (finish(act).state, act.done) == (BulkState.STOPPED, 0)


def test_each_person_gets_one_notice_of_an_act_and_none_of_one_that_was_undone(desk):
    for pk in desk.ids:
        verbs.assign_case(pk, desk.ann, desk.ben, now=desk.now)
        set_watching(pk, desk.ben, on=True, now=desk.now)
    Notice.objects.all().delete()
    cyn = UserFactory(departments=[desk.service])
    given = finish(desk.begin(BulkVerb.ASSIGN, assignee_id=cyn.pk))
    notices = {notice.user_id: notice for notice in Notice.objects.all()}
    assert notices[cyn.pk].text.startswith("7 cases were assigned to you: Ann Bell gave them to you. “")
    assert notices[desk.ben.pk].text.startswith(
        f"7 of your open cases went to {cyn}: Ann Bell passed them on."
    )
    acts.begin_undo(given, desk.now)
    finish(given)
    assert not Notice.objects.exists()
    finish(desk.begin(BulkVerb.RESOLVE))
    notice = Notice.objects.get()
    assert (notice.user_id, notice.kind) == (desk.ben.pk, NoticeKind.SOLVED)
    assert notice.text == "Ann Bell resolved 7 cases that you watch"


def test_what_is_kept_for_an_undo_goes_with_the_texts_of_its_case(desk):
    act = finish(desk.begin(BulkVerb.DISMISS, reason="Spam"))
    Case.objects.filter(pk=desk.ids[0]).update(erased_at=desk.now)
    kept = BulkItem.objects.filter(act=act, undo={})
    assert list(kept.values_list("case_id", flat=True)) == [desk.ids[0]]
    acts.begin_undo(act, desk.now)
    assert (finish(act).undone, act.kept) == (6, 1)
    assert BulkItem.objects.get(act=act, state=BulkItemState.KEPT).reason == undoing.ERASED
