"""The notices of a person: the list, reading, the number in the navigation, and forgetting."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from inbox.live import publish
from inbox.live.hub import Audience, Listener
from inbox.models import Notice, NoticeKind
from inbox.notices import notify
from inbox.queue import counts
from inbox.tasks import run_housekeeping
from inbox.visibility import CaseScope, Reach
from tests.factories import NOW, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import HTMX, count_statements, signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    return DepartmentFactory()


@pytest.fixture
def ann(department):
    return UserFactory(departments=[department])


@pytest.fixture
def case(department):
    return CaseFactory(department=department)


def tell(user, case, text="Solved it", key=None, at=None):
    notify.notify_users(
        [user.pk], case.pk, NoticeKind.SOLVED, text, key=key or f"{text}:{case.pk}", now=at or timezone.now()
    )
    return Notice.objects.get(user=user, key=key or f"{text}:{case.pk}")


def post(user, name, *args, **data):
    headers = data.pop("headers", {})
    return signed_in(user).post(reverse(f"inbox:{name}", args=args), data, **headers)


def test_the_newest_come_first_and_hostile_text_is_inert(ann, case):
    tell(ann, case, "Older", at=NOW)
    tell(ann, case, "<script>alert(1)</script>", at=NOW + dt.timedelta(hours=1))
    shown = signed_in(ann).get("/notices/").content.decode()
    assert shown.index("&lt;script&gt;alert(1)") < shown.index("Older")
    assert "<script>alert" not in shown


def test_without_notices_it_says_what_will_be_here(ann):
    assert "No notices yet" in signed_in(ann).get("/notices/").content.decode()


def test_opening_one_marks_it_read_and_leads_to_its_case(ann, case):
    one, other = tell(ann, case, "One"), tell(ann, case, "Other")
    assert post(ann, "notice_open", one.pk).url == f"/cases/{case.pk}/"
    assert Notice.objects.get(pk=one.pk).read_at is not None
    assert Notice.objects.get(pk=other.pk).read_at is None


def test_one_is_marked_read_in_place(ann, case):
    one = tell(ann, case)
    shown = post(ann, "notice_read", one.pk, headers=HTMX).content.decode()
    assert 'id="notice-list"' in shown
    assert "Mark as read" not in shown
    assert post(ann, "notice_read", one.pk).url == "/notices/"


def test_all_are_marked_read_but_those_that_came_meanwhile(ann, case):
    first, second = tell(ann, case, "First"), tell(ann, case, "Second")
    late = tell(ann, case, "Late")
    post(ann, "notices_read", until=second.pk)
    read = Notice.objects.filter(read_at__isnull=False).values_list("pk", flat=True)
    assert set(read) == {first.pk, second.pk}
    assert late.pk not in read
    post(ann, "notices_read", until="nonsense")
    assert not Notice.objects.filter(read_at__isnull=True).exists()


def test_somebody_elses_notice_is_as_absent_as_none(ann, case, department):
    theirs = tell(UserFactory(departments=[department]), case)
    for name in ("notice_open", "notice_read"):
        for pk in (theirs.pk, 987654321):
            assert post(ann, name, pk).status_code == 404
    post(ann, "notices_read")
    assert Notice.objects.get(pk=theirs.pk).read_at is None
    assert "Solved it" not in signed_in(ann).get("/notices/").content.decode()


def test_a_case_that_one_may_not_read_is_told_of_without_a_way_to_it(ann):
    one = tell(ann, CaseFactory(), "It came back")
    shown = signed_in(ann).get("/notices/").content.decode()
    assert "It came back" in shown
    assert reverse("inbox:notice_open", args=[one.pk]) not in shown


def test_the_navigation_counts_the_unread_at_no_statement_of_its_own(ann, case):
    client = signed_in(ann)
    without = count_statements(client, "/")
    assert 'data-unread="0"' in client.get("/navigation/").content.decode()
    assert "3<span" not in squeezed(client.get("/navigation/"))
    for n in range(3):
        tell(ann, case, f"number {n}")
    assert counts.open_counts(ann).unread == 3
    assert counts.open_counts(ann).all == 1
    shown = squeezed(client.get("/navigation/"))
    assert (
        'Notices </span> <span class="n hot">3<span class="visually-hidden"> unread</span></span> </a>'
        in shown
    )
    assert 'id="tab-unread" hx-swap-oob="true"> <b>3</b>' in shown
    assert count_statements(client, "/") == without <= 8


def test_the_unread_are_counted_where_there_is_no_case_at_all(ann, case):
    tell(ann, case)
    case.closed_at, case.status = NOW, "resolved"
    case.save(update_fields=["closed_at", "status"])
    counts.fold_case_counts()
    assert counts.open_counts(ann).unread == 1


def test_it_costs_the_same_for_one_and_for_many_and_pages_by_key(ann, case):
    tell(ann, case, "number 000", at=NOW)
    client = signed_in(ann)
    few = count_statements(client, "/notices/")
    for n in range(1, notify.NOTICES_PER_PAGE + 5):
        tell(ann, case, f"number {n:03}", at=NOW - dt.timedelta(minutes=n // 2))
    assert count_statements(client, "/notices/") == few <= 8
    first = client.get("/notices/").content.decode()
    at = first.index('href="/notices/?after=') + 6
    second = client.get(first[at : first.index('"', at)], **HTMX).content.decode()
    texts = [f"number {n:03}" for n in range(notify.NOTICES_PER_PAGE + 5)]
    assert sorted([one for one in texts if one in first] + [one for one in texts if one in second]) == texts


def test_what_was_read_long_ago_is_forgotten(ann, case):
    old, kept, unread = tell(ann, case, "Old"), tell(ann, case, "Kept"), tell(ann, case, "Unread", at=NOW)
    now = timezone.now()
    Notice.objects.filter(pk=old.pk).update(read_at=now - dt.timedelta(days=91))
    Notice.objects.filter(pk=kept.pk).update(read_at=now - dt.timedelta(days=89))
    run_housekeeping()
    run_housekeeping()
    assert set(Notice.objects.values_list("pk", flat=True)) == {kept.pk, unread.pk}


def test_open_pages_of_who_is_told_hear_of_it_on_commit(
    ann, case, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(publish, "_publish_payload", lambda channel, payload: sent.append((channel, payload)))
    with django_capture_on_commit_callbacks(execute=True):
        tell(ann, case)
    assert sent == [(publish.NOTICES_CHANNEL, f"[{ann.pk}]".encode())]


def test_only_the_pages_of_who_is_told_are_woken():
    mine = Listener(Audience(CaseScope(Reach.NO_CASE), 7))
    theirs = Listener(Audience(CaseScope(Reach.NO_CASE), 8))
    for listener in (mine, theirs):
        listener.offer_notices([7])
    assert mine.pop_events() == b"event: notices\ndata: []\n\n"
    assert not theirs.woken.is_set()
