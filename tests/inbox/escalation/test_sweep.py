"""Pre-warning, missed target and escalation: in order, in one piece, and exactly once."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from accounts.models import Leave, Shift
from inbox import tasks
from inbox.cases.verbs import resolve_case
from inbox.escalation import recompute
from inbox.escalation import sweep as escalation_sweep
from inbox.models import Case, CaseEvent, Custody, Escalation, Notice, NoticedCase, NoticeKind, Status, Verb
from inbox.notices import notify
from inbox.notices.notify import mark_notices_read, notify_grouped
from inbox.replies.verbs import queue_reply
from routing.models import SLAPolicy, SLAVersion
from routing.service_levels import versions
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.service_levels import OFFICE, minutes, policy

STEPS = [
    {"after": 10, "clock": "", "notify": ["managers"], "raise": True},
    {"after": 30, "clock": "first_response", "notify": ["department"], "move_to": "rescue"},
]


@pytest.fixture
def world(db):
    return a_world()


class a_world:
    """A department with a manager and an agent, a rescue department, a policy with steps, a waiting case."""

    def __init__(self, **fields):
        self.department, self.rescue = (
            DepartmentFactory(name="Service"),
            DepartmentFactory(slug="rescue", name="Rescue"),
        )
        self.manager = UserFactory(role="manager", departments=[self.department])
        self.agent = UserFactory(departments=[self.department])
        policy(**{"steps": STEPS, "resolution": None, **fields})
        self.case = self.new_case()

    def new_case(self, **fields):
        values = {"department": self.department, "assignee": self.agent, "status": Status.OPEN, **fields}
        case = CaseFactory(exchange_from=NOW, resolution_from=NOW, **values)
        MessageFactory(case=case)
        Case.objects.filter(pk=case.pk).update(next_clock_at=NOW, sla_version=1)
        case.refresh_from_db()
        return case

    def sweep(self, after):
        escalation_sweep.escalate_due_cases(NOW + minutes(after))
        self.case.refresh_from_db()
        return self.case

    def told(self, person=None):
        rows = Notice.objects.filter(case=self.case)
        rows = rows.filter(user=person) if person else rows
        return list(rows.order_by("id").values_list("kind", flat=True))

    def events(self):
        return list(CaseEvent.objects.filter(case=self.case).order_by("id").values_list("verb", flat=True))


def test_nothing_happens_before_its_time(world):
    case = world.sweep(44)
    assert world.told() == []
    assert case.next_clock_at == NOW + minutes(45)
    assert case.first_response_due_at == NOW + minutes(60)


def test_the_pre_warning_tells_the_assignee_and_leaves_the_case_alone(world):
    version = world.case.version
    case = world.sweep(45)
    assert world.told() == world.told(world.agent) == [NoticeKind.DUE_SOON]
    name = world.case.identity.display_name
    assert Notice.objects.get().text == f"{name}: first response is due in 15 min, at 18 November, 11:00 UTC."
    assert (case.version, world.events()) == (version, [])
    assert case.next_clock_at == NOW + minutes(60)


def test_a_warning_in_minutes(world):
    SLAPolicy.objects.update(warning_minutes=5)
    versions.publish_service_levels(None, "", NOW)
    assert world.sweep(1).next_clock_at == NOW + minutes(55)


def test_a_missed_target_is_in_the_history_and_told(world):
    world.sweep(45)
    case = world.sweep(60)
    assert world.told() == [NoticeKind.DUE_SOON, NoticeKind.BREACHED]
    assert world.events() == [Verb.SLA_MISSED]
    assert case.next_clock_at == NOW + minutes(70)


def test_without_an_assignee_the_managers_are_told(world):
    Case.objects.update(assignee=None)
    world.sweep(45)
    assert world.told(world.manager) == world.told() == [NoticeKind.DUE_SOON]


def test_a_step_notifies_and_raises_the_priority(world):
    case = world.sweep(70)
    assert case.priority == 1
    assert world.events() == [Verb.SLA_MISSED, Verb.ESCALATED]
    assert world.told(world.manager) == [NoticeKind.BREACHED]
    told = Notice.objects.get(user=world.manager).text
    assert told.endswith(": first response is overdue since 18 November, 11:00 UTC; priority raised to high.")


def test_a_step_moves_the_case_with_its_reason(world):
    world.sweep(90)
    case = world.sweep(90)
    assert case.department == world.rescue
    assert case.assignee is None
    held = Custody.objects.get(case=case, left_at=None)
    assert held.department == world.rescue
    assert held.sent_by is None
    assert held.reason == "First response is overdue since 18 November, 11:00 UTC (policy “Everybody”)."
    assert world.events()[-2:] == [Verb.ESCALATED, Verb.HANDED_OVER]


def test_who_receives_an_overdue_case_is_told(world):
    receives = UserFactory(role="manager", departments=[world.rescue])
    colleague = UserFactory(departments=[world.rescue])
    world.sweep(90)
    world.sweep(90)
    assert world.told(receives) == [NoticeKind.MOVED]
    assert Notice.objects.get(user=receives).text.endswith("; moved to Rescue.")
    assert world.told(colleague) == []


def test_what_is_urgent_already_is_not_said_to_be_raised(world):
    Case.objects.update(priority=2)
    versions.clear_service_levels_cache()
    world.sweep(70)
    assert "priority" not in Notice.objects.get(user=world.manager).text
    assert CaseEvent.objects.get(verb=Verb.ESCALATED).data["priority"] == ""


def test_a_closed_department_gets_nothing(world):
    type(world.rescue).objects.filter(pk=world.rescue.pk).update(is_open=False)
    assert world.sweep(90).department == world.department


def test_business_hours_hold_for_escalations_too(db):
    world = a_world(content=OFFICE, first=420, steps=[{"after": 60, "clock": "", "notify": ["managers"]}])
    # Due at the end of the day (17:00): an hour of business time later is ten in the morning of the next day.
    case = world.sweep(421)
    assert world.events() == [Verb.SLA_MISSED]
    assert case.next_clock_at == NOW + minutes(24 * 60)


def test_doubled_ticks_do_everything_once(world):
    for after in (45, 45, 60, 60, 60, 70, 70, 90, 90, 200, 200):
        world.sweep(after)
        Case.objects.filter(pk=world.case.pk).update(
            next_clock_at=NOW
        )  # and as if the last tick had never ended
        world.sweep(after)
    assert [world.events().count(verb) for verb in (Verb.SLA_MISSED, Verb.ESCALATED, Verb.HANDED_OVER)] == [
        1,
        2,
        1,
    ]
    assert world.told(world.agent) == [NoticeKind.DUE_SOON, NoticeKind.BREACHED, NoticeKind.BREACHED]
    assert Custody.objects.filter(case=world.case).count() == 2


def test_after_a_long_pause_of_the_sweep_the_warning_is_not_told_beside_the_breach(world):
    world.sweep(61)
    assert world.told() == [NoticeKind.BREACHED]
    assert Escalation.objects.count() == 2


def test_the_next_exchange_has_a_clock_of_its_own(world):
    world.sweep(60)
    Case.objects.update(
        first_response_at=NOW + minutes(61), last_outbound_at=NOW + minutes(61), last_inbound_at=NOW + minutes(65),
        exchange_from=NOW + minutes(65), waiting_since=NOW + minutes(65), next_clock_at=NOW,
    )  # fmt: skip
    world.sweep(95)
    assert world.events().count(Verb.SLA_MISSED) == 2


def test_an_answered_case_is_left_alone(world):
    Case.objects.update(
        waiting_since=None,
        first_response_at=NOW,
        last_outbound_at=NOW,
        status=Status.WAITING,
        next_clock_at=NOW,
    )
    assert world.sweep(600).next_clock_at is None
    assert world.told() == []


def test_a_closed_case_is_left_alone(world):
    resolve_case(world.case.pk, world.manager, now=NOW + minutes(1))
    world.sweep(600)
    assert world.told() == []


def test_an_escalation_refuses_nobody_s_answer(world):
    brand = world.case.brand_account
    world.agent.grants.create(brand_account=brand, can_publish=True)
    seen = world.case.version
    world.sweep(70)
    parent = world.case.messages.get()

    reply = queue_reply(
        world.case.pk, world.agent, parent.pk, "Here it is.", uuid.uuid4(), seen, now=NOW + minutes(71)
    )
    assert reply.pk


def test_one_case_that_fails_holds_up_no_other(world, monkeypatch):
    other = world.new_case()
    act = escalation_sweep._act_on_escalation

    def fails(change, *rest):
        if change.case.pk == world.case.pk:
            raise RuntimeError
        act(change, *rest)

    monkeypatch.setattr(escalation_sweep, "_act_on_escalation", fails)
    world.sweep(60)
    assert world.case.next_clock_at == NOW + minutes(65)
    assert Escalation.objects.filter(case=world.case).count() == 0
    assert CaseEvent.objects.filter(case=other).count() == 1


def test_the_tick_sweeps_and_recomputes(world):
    tasks.run_clock_sweep()
    assert CaseEvent.objects.filter(verb=Verb.SLA_MISSED).count() == 1
    assert SLAVersion.objects.get().recomputed_at is not None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_three_beats_at_once_do_everything_once():
    world = a_world()
    made = [world.case, *(world.new_case() for _ in range(5))]
    failures = []

    def beat():
        try:
            for after in (45, 60, 70, 70, 90, 90, 120):
                escalation_sweep.escalate_due_cases(NOW + minutes(after))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    for _ in range(3):
        beats = [threading.Thread(target=beat) for _ in range(3)]
        [one.start() for one in beats]
        [one.join() for one in beats]
        Case.objects.update(next_clock_at=NOW)
    assert not failures
    for case in made:
        verbs = list(CaseEvent.objects.filter(case=case).values_list("verb", flat=True))
        assert [verbs.count(verb) for verb in (Verb.SLA_MISSED, Verb.ESCALATED, Verb.HANDED_OVER)] == [
            1,
            2,
            1,
        ]
        case.refresh_from_db()
        assert case.priority == 1
        assert case.department == world.rescue
        keys = list(Notice.objects.filter(case=case).values_list("user_id", "key"))
        assert len(keys) == len(set(keys))
        agent_told = Notice.objects.filter(case=case, user=world.agent).count()
        assert agent_told in (2, 3)  # the warning is left out where the breach was seen first


class TestRecomputing:
    def publish(self, now=NOW, **changes):
        SLAPolicy.objects.update(**changes)
        return versions.publish_service_levels(None, "", now)

    def test_open_cases_get_the_new_targets(self, world):
        world.sweep(1)
        self.publish(first_response_minutes=90)
        recompute.recompute_open_cases(NOW)
        world.case.refresh_from_db()
        assert world.case.first_response_due_at == NOW + minutes(90)
        assert world.case.sla_version == 2
        assert world.case.version == 1

    def test_it_goes_on_where_it_was(self, world, monkeypatch):
        monkeypatch.setattr(recompute, "RECOMPUTE_CHUNK_SIZE", 2)
        for _ in range(4):
            world.new_case()
        version = self.publish(first_response_minutes=90)
        assert recompute.recompute_chunk(NOW)
        version.refresh_from_db()
        assert (version.recomputed, version.to_recompute) == (2, 5)
        recompute.recompute_open_cases(NOW + minutes(1))
        version.refresh_from_db()
        assert (version.recomputed, version.to_recompute) == (5, 5)
        assert version.recomputed_at == NOW + minutes(1)
        assert set(Case.objects.values_list("sla_version", flat=True)) == {2}
        assert not SLAVersion.objects.filter(recomputed_at=None).exists()

    def test_a_straggler_is_found(self, world):
        self.publish(first_response_minutes=90)
        recompute.recompute_open_cases(NOW)  # too early to be sure
        late = world.new_case()
        recompute.recompute_open_cases(NOW + minutes(1))
        late.refresh_from_db()
        assert late.sla_version == 2
        assert SLAVersion.objects.first().recomputed_at is not None

    def test_what_is_overdue_already_bothers_nobody(self, world):
        world.sweep(1)
        published = NOW + minutes(30)
        self.publish(now=published, first_response_minutes=10)
        recompute.recompute_open_cases(published)
        world.sweep(31)
        world.case.refresh_from_db()
        assert world.case.first_response_due_at == NOW + minutes(10)
        assert world.told() == []
        # The second step comes after the publication, so it happens.
        world.sweep(40)
        assert world.case.department == world.rescue

    def test_a_step_happens_though_the_one_before_it_was_removed(self, world):
        """What has happened is known by the step, not by its place among the others."""
        numbered = [{**one, "number": 50 + n} for n, one in enumerate(STEPS)]
        self.publish(steps=numbered)
        recompute.recompute_open_cases(NOW)
        world.sweep(75)
        assert world.case.priority == 1
        self.publish(now=NOW + minutes(76), steps=numbered[1:])
        recompute.recompute_open_cases(NOW + minutes(76))
        world.sweep(90)
        assert world.case.department == world.rescue

    def test_a_step_that_happened_does_not_happen_again_at_another_place(self, world):
        numbered = [{**one, "number": 50 + n} for n, one in enumerate(STEPS)]
        self.publish(steps=numbered)
        recompute.recompute_open_cases(NOW)
        world.sweep(75)
        later = [
            {"after": 20, "clock": "", "notify": ["managers"], "number": 60},
            {**numbered[0], "after": 25},
        ]
        self.publish(now=NOW + minutes(76), steps=later)
        recompute.recompute_open_cases(NOW + minutes(76))
        world.sweep(80)
        world.sweep(86)
        assert world.case.priority == 1
        assert world.events().count(Verb.ESCALATED) == 2

    def test_what_was_due_by_the_version_before_is_told_all_the_same(self, world):
        world.sweep(1)
        self.publish(now=NOW + minutes(61), first_response_minutes=59)
        recompute.recompute_open_cases(NOW + minutes(62))
        world.sweep(62)
        assert world.told() == [NoticeKind.BREACHED]

    def test_the_first_policy_counts_from_when_the_customer_began_to_wait(self, db):
        case = CaseFactory(created_at=NOW - minutes(30), waiting_since=NOW - minutes(40), status=Status.OPEN)
        policy()
        recompute.recompute_open_cases(NOW)
        case.refresh_from_db()
        assert case.first_response_due_at == NOW + minutes(30)

    def test_closed_cases_and_history_are_left_alone(self, db):
        CaseFactory(historical=True)
        CaseFactory(status=Status.RESOLVED, closed_at=NOW)
        policy()
        recompute.recompute_open_cases(NOW + minutes(1))
        assert set(Case.objects.values_list("sla_version", flat=True)) == {None}
        assert SLAVersion.objects.get().to_recompute == 0

    def test_an_older_version_that_was_never_finished_is_let_go(self, world):
        self.publish(first_response_minutes=90)
        self.publish(first_response_minutes=91)
        recompute.recompute_open_cases(NOW + minutes(1))
        assert not SLAVersion.objects.filter(recomputed_at=None).exists()


class TestWhoIsTold:
    """Of cases that nobody has: who is on point, else the managers, and each of them once a department."""

    def many(self, world, count):
        made = [world.case, *(world.new_case() for _ in range(count - 1))]
        Case.objects.update(assignee=None)
        return made

    def shift(self, world, **fields):
        values = {"starts_at": dt.time(0), "ends_at": dt.time(0), "weekday": NOW.weekday(), **fields}
        return Shift.objects.create(brand_account=world.case.brand_account, **values)

    def on_point(self, world):
        primary, backup = (UserFactory(departments=[world.department]) for _ in range(2))
        self.shift(world, primary=primary, backup=backup)
        Case.objects.update(assignee=None)
        return primary, backup

    def who(self):
        return set(Notice.objects.values_list("user_id", flat=True))

    def test_whoever_is_on_point_comes_before_the_managers(self, world):
        primary, _ = self.on_point(world)
        world.sweep(45)
        assert self.who() == {primary.pk}

    @pytest.mark.parametrize("why", ["away", "leave", "inactive", "elsewhere"])
    def test_the_backup_is_told_while_the_primary_is_not_there(self, world, why):
        primary, backup = self.on_point(world)
        if why == "leave":
            Leave.objects.create(user=primary, starts_on=NOW.date(), ends_on=NOW.date())
        elif why == "elsewhere":
            primary.memberships.all().delete()
        else:
            changed = {"away_since": NOW} if why == "away" else {"is_active": False}
            type(primary).objects.filter(pk=primary.pk).update(**changed)
        world.sweep(45)
        assert self.who() == {backup.pk}

    def test_without_anybody_on_point_the_managers_are_told(self, world):
        people = self.on_point(world)
        type(world.agent).objects.filter(pk__in=[one.pk for one in people]).update(away_since=NOW)
        world.sweep(45)
        assert self.who() == {world.manager.pk}

    def test_many_cases_are_one_notice_that_counts_them(self, world):
        self.many(world, 12)
        for _ in range(2):
            world.sweep(60)
            Case.objects.update(next_clock_at=NOW)
        told = Notice.objects.get(user=world.manager)
        assert (told.cases, told.current_text) == (12, "12 cases of Service are overdue.")
        world.sweep(70)  # escalated, too: the same cases
        told.refresh_from_db()
        assert told.cases == 12
        assert told.text.endswith("priority raised to high.")
        assert NoticedCase.objects.filter(notice=told).count() == 12

    def test_one_case_is_told_in_its_own_words(self, world):
        self.many(world, 1)
        world.sweep(60)
        told = Notice.objects.get(user=world.manager)
        assert told.current_text == told.text
        assert "first response was due" in told.current_text

    def test_kinds_and_departments_are_told_apart(self, world):
        self.many(world, 2)
        other = world.new_case(department=DepartmentFactory(name="Billing"), assignee=None)
        type(world.manager.memberships.get())(user=world.manager, department=other.department).save()
        world.sweep(45)
        world.sweep(60)
        said = list(
            Notice.objects.filter(user=world.manager).values_list("kind", "department__name", "cases")
        )
        assert sorted(said) == [
            ("breached", "Billing", 1), ("breached", "Service", 2), ("due_soon", "Billing", 1), ("due_soon", "Service", 2),
        ]  # fmt: skip

    def test_what_was_read_is_not_counted_on(self, world):
        self.many(world, 2)
        world.sweep(60)
        mark_notices_read(world.manager, NOW)
        late = world.new_case(assignee=None)
        world.sweep(61)
        assert list(Notice.objects.filter(user=world.manager).order_by("pk").values_list("cases", flat=True)) == [
            2, 1,
        ]  # fmt: skip
        assert Notice.objects.get(user=world.manager, read_at=None).case == late

    def test_what_was_told_and_read_is_not_told_again(self, world):
        def tell():
            notify_grouped(
                [world.manager.pk],
                world.case,
                world.department.pk,
                NoticeKind.BREACHED,
                "Late.",
                key="late",
                now=NOW,
            )

        tell()
        mark_notices_read(world.manager, NOW)
        tell()
        assert Notice.objects.get(user=world.manager).read_at == NOW

    def test_open_pages_hear_of_it_at_once(self, world, monkeypatch):
        heard = []
        monkeypatch.setattr(notify, "publish_notices_on_commit", heard.append)
        self.many(world, 2)
        world.sweep(60)
        assert heard.count([world.manager.pk]) == 2

    def test_moved_cases_are_said_to_be_where_they_are_now(self, world):
        self.many(world, 2)
        world.sweep(90)
        told = Notice.objects.get(user=world.agent, kind=NoticeKind.MOVED)
        assert told.current_text == "2 overdue cases were moved to Rescue."

    def test_the_notice_opens_the_queue_of_what_it_counts(self, world):
        self.many(world, 3)
        world.sweep(60)
        client = signed_in(world.manager)
        address = reverse("inbox:notice_open", args=[Notice.objects.get(user=world.manager).pk])
        page = client.get("/notices/").content.decode()
        assert "3 cases of Service are overdue." in page
        assert address in page
        with time_machine.travel(NOW + minutes(61), tick=False):
            found = client.post(address, follow=True)
        assert found.redirect_chain[0][0] == f"/queue/department/{world.department.slug}/?sort=overdue"
        assert found.content.decode().count('data-case="') == 3
        assert Notice.objects.get(user=world.manager).read_at is not None

    def test_before_they_are_due_it_opens_the_queue_in_the_order_of_due_times(self, world):
        self.many(world, 2)
        world.sweep(45)
        told = Notice.objects.get(user=world.manager)
        opened = signed_in(world.manager).post(reverse("inbox:notice_open", args=[told.pk]))
        assert opened.url == f"/queue/department/{world.department.slug}/?sort=due"

    def test_a_queue_that_one_may_not_open_is_not_offered(self, world):
        self.many(world, 2)
        world.sweep(60)
        world.manager.memberships.all().delete()
        client, told = signed_in(world.manager), Notice.objects.get(user=world.manager)
        address = reverse("inbox:notice_open", args=[told.pk])
        page = client.get("/notices/").content.decode()
        assert told.current_text in page
        assert address not in page
        assert client.post(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_count_every_case_once():
    world = a_world()
    for _ in range(11):
        world.new_case()
    Case.objects.update(assignee=None)
    failures = []

    def beat():
        try:
            escalation_sweep.escalate_due_cases(NOW + minutes(60))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    beats = [threading.Thread(target=beat) for _ in range(4)]
    [one.start() for one in beats]
    [one.join() for one in beats]
    assert not failures
    told = Notice.objects.get(user=world.manager)
    assert told.cases == NoticedCase.objects.filter(notice=told).count() == 12
