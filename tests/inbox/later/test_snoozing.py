"""A snoozed case is out of its lists until there is something to do again, and nothing else about it changes."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.case_page.event_lines import event_line
from inbox.cases import hand_overs, verbs
from inbox.cases.snoozing import Snooze, describe_snooze, snooze_case, unsnooze_case
from inbox.changes.change import change_case
from inbox.changes.refusals import Conflict, Invalid
from inbox.later.moments import list_presets, parse_moment
from inbox.later.waking import tell_of_woken_cases, wake_due_cases
from inbox.models import Case, CaseEvent, Custody, Notice, SnoozeFor, Verb
from inbox.queue.counts import fold_case_counts, open_counts
from inbox.queue.filters import QueueFilters
from inbox.queue.listing import cases_of_view
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.page_requests import HTMX, signed_in
from wording.times import show_times_in

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TOMORROW = Snooze(until=NOW + DAY)


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def ann(service):
    return UserFactory(departments=[service], role=Role.MANAGER, first_name="Ann", last_name="Bell")


@pytest.fixture
def ben(service):
    return UserFactory(departments=[service], first_name="Ben", last_name="Cole")


@pytest.fixture
def case(service):
    case = CaseFactory(department=service)
    MessageFactory(case=case)
    return case


def read(case):
    return Case.objects.get(pk=case.pk)


def listed(user, kind, department_id=None):
    filters = QueueFilters.parse(QueryDict(), kind)
    return set(cases_of_view(user, kind, filters, department_id).values_list("pk", flat=True))


def check_counts(user, service):
    """Each number beside a list is the number of its cases."""
    for fold in (False, True):
        if fold:
            fold_case_counts()
        counts = open_counts(user)
        numbers = (
            counts.all,
            counts.unassigned,
            counts.own,
            counts.snoozed,
            counts.departments.get(service.pk, 0),
        )
        views = ("open", "unassigned", "mine", "snoozed")
        assert numbers == (
            *(len(listed(user, kind)) for kind in views),
            len(listed(user, "department", service.pk)),
        )


def test_lists_and_counts_agree_whatever_happens(service, ann, ben):
    """A random walk through everything that snoozes, wakes, closes or moves cases."""
    dice, billing = random.Random(11), DepartmentFactory()
    ann.memberships.create(department=billing)
    cases = [CaseFactory(department=service) for _ in range(5)]
    acts = [
        lambda pk, by, now: snooze_case(pk, by, Snooze(until=now + dice.choice([HOUR, DAY])), now=now),
        lambda pk, by, now: snooze_case(pk, by, Snooze(SnoozeFor.COLLEAGUE), now=now),
        lambda pk, by, now: unsnooze_case(pk, by, now=now),
        lambda pk, by, now: verbs.assign_case(pk, ann, dice.choice([ann, ben, None]), now=now),
        lambda pk, by, now: verbs.add_note(pk, by, "Looked.", now=now),
        lambda pk, by, now: verbs.resolve_case(pk, by, now=now),
        lambda pk, by, now: verbs.reopen_case(pk, by, now=now),
        lambda pk, by, now: verbs.hand_over_case(pk, ann, dice.choice([service, billing]), "There.", now=now),
        lambda pk, by, now: wake_due_cases(now),
    ]  # fmt: skip
    now = NOW
    for _ in range(60):
        now += dt.timedelta(minutes=20)
        try:
            with transaction.atomic():
                dice.choice(acts)(dice.choice(cases).pk, dice.choice([ann, ben]), now)
        except (Invalid, Conflict, Case.DoesNotExist):
            pass
    check_counts(ann, service)
    check_counts(ben, service)
    assert not Case.objects.closed().exclude(snoozed_since=None).exists()
    assert listed(ann, "snoozed") | listed(ann, "open") == set(
        Case.objects.open().values_list("pk", flat=True)
    )
    assert not listed(ann, "snoozed") & listed(ann, "open")


def test_nothing_but_the_lists_changes(case, ann, service, django_assert_num_queries):
    """Its clocks go on, it is not accepted, not begun, and stays open."""
    before = Case.objects.filter(pk=case.pk).values().get()
    custody = list(Custody.objects.values())
    snooze_case(case.pk, ann, TOMORROW, version=case.version, now=NOW)
    after = Case.objects.filter(pk=case.pk).values().get()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"version", "snoozed_since", "snoozed_until", "snoozed_for", "snoozed_by_id"}
    assert list(Custody.objects.values()) == custody
    assert listed(ann, "snoozed") == {case.pk}
    assert not listed(ann, "open") and not Case.objects.to_assign().exists()
    check_counts(ann, service)
    # Pressed twice, it is snoozed once.
    snooze_case(case.pk, ann, TOMORROW, version=case.version, now=NOW + HOUR)
    assert CaseEvent.objects.filter(verb=Verb.SNOOZED).count() == 1


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Snooze(until=None), "Choose when"),
        (Snooze(until=NOW), "past"),
        (Snooze(until=NOW + 400 * DAY), "within a year"),
        (Snooze(SnoozeFor.THIRD_PARTY, NOW + DAY, "  "), "Say whom or what"),
        (Snooze(SnoozeFor.THIRD_PARTY, None, "The courier"), "Choose when"),
    ],
)
def test_what_cannot_be_is_refused(case, ann, wanted, words):
    with pytest.raises(Invalid, match=words):
        snooze_case(case.pk, ann, wanted, now=NOW)
    assert read(case).snoozed_since is None


def test_a_closed_case_is_not_snoozed_and_closing_ends_a_snooze(case, ann):
    snooze_case(case.pk, ann, TOMORROW, now=NOW)
    verbs.resolve_case(case.pk, ann, now=NOW + HOUR)
    assert (read(case).snoozed_since, read(case).snoozed_by) == (None, None)
    with pytest.raises(Invalid, match="closed"):
        snooze_case(case.pk, ann, TOMORROW, now=NOW + HOUR)
    verbs.reopen_case(case.pk, ann, now=NOW + 2 * HOUR)
    assert listed(ann, "open") == {case.pk}


#: What a colleague does with a case that Ann snoozed until one acts → why it is back, "" if it sleeps on.
ACTS = {
    "a note": (lambda pk, ann, ben, there: verbs.add_note(pk, ben, "The parcel is found.", now=NOW), "colleague"),
    "their own note": (lambda pk, ann, ben, there: verbs.add_note(pk, ann, "Later.", now=NOW), ""),
    "accepting it": (lambda pk, ann, ben, there: hand_overs.accept_case(pk, ben, now=NOW), "colleague"),
    "given to a colleague": (lambda pk, ann, ben, there: verbs.assign_case(pk, ann, ben, now=NOW), "moved"),
    "given to themselves": (lambda pk, ann, ben, there: verbs.assign_case(pk, ann, ann, now=NOW), ""),
    "a hand-over": (lambda pk, ann, ben, there: verbs.hand_over_case(pk, ben, there, "Theirs", now=NOW), "moved"),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_until_a_colleague_acts(case, ann, ben, act):
    do, why = ACTS[act]
    snooze_case(case.pk, ann, Snooze(SnoozeFor.COLLEAGUE), now=NOW - HOUR)
    do(case.pk, ann, ben, DepartmentFactory(name="Billing"))
    assert (read(case).woke, read(case).snoozed_since is None) == (why, bool(why))
    tell_of_woken_cases(NOW)
    tell_of_woken_cases(NOW)
    assert [notice.user for notice in Notice.objects.filter(kind="woke")] == ([ann] if why else [])


def test_its_time_comes_once_however_often_the_task_runs(case, ann, ben, service):
    snooze_case(case.pk, ann, TOMORROW, now=NOW)
    assert wake_due_cases(NOW + DAY - HOUR) == 0
    # Nobody ran it for a day: it is late, and nothing is lost.
    assert wake_due_cases(NOW + 2 * DAY) == 1
    assert wake_due_cases(NOW + 2 * DAY) == 0
    assert [tell_of_woken_cases(NOW + 2 * DAY), tell_of_woken_cases(NOW + 2 * DAY)] == [1, 0]
    notice = Notice.objects.get(kind="woke")
    assert (notice.user, notice.text) == (
        ann,
        "It is time: a case that you snoozed is back. “Where is my parcel?”",
    )
    assert CaseEvent.objects.filter(verb=Verb.WOKEN).count() == 1
    assert "↺ it is time" in signed_in(ben).get(reverse("inbox:queue")).content.decode()
    # Once somebody acts, the row says so no longer.
    verbs.claim_case(case.pk, ben, now=NOW + 2 * DAY)
    assert read(case).woke == ""


def test_who_has_it_is_told_as_well(case, ann, ben):
    verbs.assign_case(case.pk, ann, ben, now=NOW)
    snooze_case(case.pk, ann, TOMORROW, now=NOW)
    wake_due_cases(NOW + DAY)
    assert tell_of_woken_cases(NOW + DAY) == 1
    texts = dict(Notice.objects.filter(kind="woke").values_list("user", "text"))
    assert set(texts) == {ann.pk, ben.pk}
    assert texts[ben.pk].startswith("It is time: a case that is yours and was snoozed is back.")


def test_a_task_that_is_killed_leaves_all_or_nothing(service, ann, monkeypatch):
    cases = [CaseFactory(department=service) for _ in range(3)]
    for one in cases:
        snooze_case(one.pk, ann, TOMORROW, now=NOW)
    monkeypatch.setattr("inbox.later.waking.BATCH_SIZE", 2)
    saved = []

    def die_in_the_second_batch(changes):
        from inbox.changes.change import save_changes

        save_changes(changes)
        saved.append(len(changes))
        if len(saved) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("inbox.later.waking.save_changes", die_in_the_second_batch)
        with pytest.raises(KeyboardInterrupt):
            wake_due_cases(NOW + DAY)
    assert len(listed(ann, "open")) == 2 and CaseEvent.objects.filter(verb=Verb.WOKEN).count() == 2
    assert wake_due_cases(NOW + DAY) == 1
    assert tell_of_woken_cases(NOW + DAY) == 3
    check_counts(ann, service)


@pytest.mark.parametrize(
    ("due", "back"),
    [
        # No policy applies, and the account promises an answer within some time of the customer's message.
        ({"waiting_since": NOW - 20 * HOUR}, 4 * HOUR - dt.timedelta(minutes=15)),
        ({"first_response_due_at": NOW + 4 * HOUR}, 4 * HOUR - dt.timedelta(minutes=15)),
        ({"first_response_due_at": NOW + dt.timedelta(minutes=10)}, dt.timedelta(minutes=5)),
        ({"resolution_due_at": NOW + 5 * HOUR}, 5 * HOUR - dt.timedelta(minutes=15)),
        # Its answer is overdue already, but what is still ahead is not forgotten.
        (
            {"first_response_due_at": NOW - HOUR, "resolution_due_at": NOW + 5 * HOUR},
            5 * HOUR - dt.timedelta(minutes=15),
        ),
        # The first answer was given: its target is no target any more.
        ({"first_response_at": NOW - HOUR, "first_response_due_at": NOW + HOUR}, DAY),
        ({"first_response_due_at": NOW - HOUR}, DAY),
    ],
)
def test_a_target_wakes_it_before(case, ann, due, back):
    running = [at for name, at in due.items() if name.endswith("_due_at")]
    Case.objects.filter(pk=case.pk).update(**{"next_due_at": min(running, default=None), **due})
    snoozed = snooze_case(case.pk, ann, TOMORROW, now=NOW)
    assert ("Its target is" in describe_snooze(snoozed, NOW)) == (back < DAY)
    assert wake_due_cases(NOW + back - dt.timedelta(minutes=1)) == 0
    assert wake_due_cases(NOW + back) == 1
    assert read(case).woke == ("target" if back < DAY else "time")


@pytest.mark.parametrize("wanted", [TOMORROW, Snooze(SnoozeFor.CUSTOMER), Snooze(SnoozeFor.COLLEAGUE)])
def test_the_customer_always_wakes_it(feed, wanted):
    feed.store(message("1", "Where is my parcel?"))
    case = Case.objects.get()
    ann = UserFactory(departments=[case.department])
    snooze_case(case.pk, ann, wanted, now=NOW)
    feed.store(message("2", "thanks!", thread_id=case.thread_id, created_at=NOW + HOUR), now=NOW + HOUR)
    assert (read(case).message_count, read(case).woke, read(case).snoozed_since) == (2, "customer", None)
    assert tell_of_woken_cases(NOW + HOUR) == 1
    assert Notice.objects.get(kind="woke").text.startswith("The customer wrote: ")
    line = event_line(CaseEvent.objects.get(case=case, verb=Verb.WOKEN))
    assert line == "Back from snooze: the customer wrote"


#: A zone, now, a preset or a day and time, and when that is in UTC.
MOMENTS = [
    ("UTC", "2026-11-30T08:10", "tomorrow", "2026-12-01T09:00"),
    ("UTC", "2026-11-30T08:10", "monday", "2026-12-07T09:00"),
    ("UTC", "2026-11-30T08:10", "afternoon", "2026-11-30T15:00"),
    ("UTC", "2026-11-30T08:10", "2h", "2026-11-30T10:10"),
    # It is Tuesday there already.
    ("Asia/Tokyo", "2026-11-30T16:00", "tomorrow", "2026-12-02T00:00"),
    # The clocks go forward, or back, in the night between.
    ("Europe/Berlin", "2026-03-28T10:00", "tomorrow", "2026-03-29T07:00"),
    ("Europe/Berlin", "2026-10-24T10:00", "tomorrow", "2026-10-25T08:00"),
    # Two hours are two hours.
    ("Europe/Berlin", "2026-03-29T00:30", "2h", "2026-03-29T02:30"),
    # A time that is skipped, and the first of one that comes twice.
    ("Europe/Berlin", "2026-03-28T10:00", ("2026-03-29", "02:30"), "2026-03-29T01:30"),
    ("Europe/Berlin", "2026-10-24T10:00", ("2026-10-25", "02:30"), "2026-10-25T00:30"),
    ("America/New_York", "2026-11-30T16:00", ("2026-12-02", ""), "2026-12-02T14:00"),
    ("America/New_York", "2026-11-30T16:00", ("", "10:00"), "2026-12-01T15:00"),
    ("America/New_York", "2026-11-30T16:00", ("", "12:00"), "2026-11-30T17:00"),
]


@pytest.mark.parametrize(("zone", "now", "chosen", "expected"), MOMENTS)
def test_moments_are_those_of_the_persons_zone(zone, now, chosen, expected):
    at, wanted = (dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) for text in (now, expected))
    key, (day, time) = (chosen, ("", "")) if isinstance(chosen, str) else ("", chosen)
    with show_times_in(lambda: zone):
        assert parse_moment(key, day, time, at) == wanted
        assert all(preset.at > at for preset in list_presets(at))


@pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "0001-01-01", "9999-12-31", "\x00"])
def test_other_days_are_refused_in_words(case, ann, day):
    response = signed_in(ann).post(
        reverse("inbox:snooze", args=[case.pk]), {"day": day, "time": "25:00"}, **HTMX
    )
    assert response.status_code == 422 and read(case).snoozed_since is None


class TestPages:
    def test_without_scripts_from_the_case_to_the_list_and_back(self, case, ann):
        client = signed_in(ann)
        page = client.get(reverse("inbox:case", args=[case.pk])).content.decode()
        assert 'data-key="s"' in page and "Tomorrow" in page
        address = reverse("inbox:snooze", args=[case.pk])
        fields = {
            "day": (timezone.now() + 3 * DAY).date().isoformat(),
            "time": "09:00",
            "reason": "The courier",
        }
        shown = client.post(address, fields | {"version": case.version}, follow=True).content.decode()
        assert "comes back at once if the customer writes" in shown
        assert "waiting on a third party until" in shown and "a third party until" in shown
        assert "The courier" in shown
        assert "waiting on a third party until" in client.get(reverse("inbox:queue_snoozed")).content.decode()
        assert "Nobody is waiting" in client.get(reverse("inbox:queue")).content.decode()
        client.post(reverse("inbox:unsnooze", args=[case.pk]))
        assert read(case).snoozed_since is None
        tell_of_woken_cases(timezone.now())
        assert not Notice.objects.exists()

    def test_what_was_snoozed_since_is_said(self, case, ann, ben):
        snooze_case(case.pk, ben, TOMORROW, now=NOW + HOUR)
        with pytest.raises(Conflict, match="Ben Cole snoozed this case"):
            verbs.resolve_case(case.pk, ann, version=case.version, now=NOW + HOUR)

    def test_pages_take_no_statement_more(self, case, ann, django_assert_max_num_queries):
        snooze_case(case.pk, ann, Snooze(until=timezone.now() + DAY), now=NOW)
        client = signed_in(ann)
        for address in (reverse("inbox:case", args=[case.pk]), reverse("inbox:queue_snoozed")):
            client.get(address)
            with django_assert_max_num_queries(12):
                assert client.get(address).status_code == 200


def test_a_change_by_nobody_keeps_why_it_is_back(case, ann):
    snooze_case(case.pk, ann, TOMORROW, now=NOW)
    wake_due_cases(NOW + DAY)
    with transaction.atomic(), change_case(case.pk, now=NOW + DAY) as change:
        change.set(priority=2)
    assert read(case).woke == "time"
