"""Cases find people: by the tick, in words, within capacity, none twice however many ticks run; and by "take next"."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import BrandAccountGrant, Leave, Role, User
from inbox.assignment import automatic, take_next
from inbox.case_page.event_lines import event_line
from inbox.cases import verbs
from inbox.changes import clocks
from inbox.ingest.page import PageOutcome
from inbox.models import Case, CaseEvent, Custody, Decision, Notice, NoticeKind, Status, Verb
from routing.service_levels import versions
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.fake_connector import message
from tests.inbox.leased_streams import Feed
from tests.inbox.page_requests import signed_in
from tests.inbox.service_levels import policy

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def service():
    return DepartmentFactory(slug="service", name="Service", assignment_mode="round_robin")


@pytest.fixture
def brand():
    return BrandAccountFactory()


def person(*departments, **about):
    return UserFactory(departments=departments, **{"last_seen_at": NOW, **about})


def waiting(department, brand, **about):
    return CaseFactory(department=department, brand_account=brand, **about)


def holders():
    return Counter(Case.objects.values_list("assignee__username", flat=True))


def test_a_case_goes_to_somebody_with_its_history_version_and_notice(service, brand):
    ada = person(service, first_name="Ada", last_name="Holm")
    case = waiting(service, brand)
    assert automatic.assign_cases_automatically(NOW) == 1
    case.refresh_from_db()
    assert (case.assignee, case.version, case.status) == (ada, 2, Status.NEW)
    event = CaseEvent.objects.get(case=case)
    assert (event.verb, event.actor, event.at, event.data["version"]) == (Verb.ASSIGNED, None, NOW, 2)
    assert event_line(event) == "Assigned to Ada Holm: the only one who is there"
    notice = Notice.objects.get()
    assert (notice.user, notice.case, notice.kind) == (ada, case, NoticeKind.ASSIGNED)
    assert automatic.assign_cases_automatically(NOW) == 0


@pytest.mark.parametrize(
    "about",
    [
        {"last_seen_at": None},
        {"last_seen_at": NOW - 10 * MINUTE},
        {"away_since": NOW - MINUTE},
        {"is_active": False},
        {"capacity": 0},
        {"role": Role.MANAGER},
        {"role": Role.ANALYST},
        {"role": Role.COMMUNITY},
    ],
    ids=str,
)
def test_nobody_gets_work_who_is_not_there_or_does_not_take_it(service, brand, about):
    person(service, **about)
    waiting(service, brand)
    assert automatic.assign_cases_automatically(NOW) == 0
    assert not CaseEvent.objects.exists()


def test_nobody_gets_work_on_leave(service, brand):
    Leave.objects.create(user=person(service), starts_on=NOW.date(), ends_on=NOW.date())
    waiting(service, brand)
    assert automatic.assign_cases_automatically(NOW) == 0
    assert automatic.assign_cases_automatically(NOW + dt.timedelta(days=1)) == 0, (
        "and not seen since yesterday"
    )


def test_community_managers_get_the_cases_of_their_brand_accounts(service, brand):
    juno = person(service, role=Role.COMMUNITY)
    BrandAccountGrant.objects.create(user=juno, brand_account=brand)
    mine, other = waiting(service, brand), waiting(service, BrandAccountFactory())
    assert automatic.assign_cases_automatically(NOW) == 1
    assert Case.objects.get(assignee=juno) == mine
    assert other.assignee is None


def test_only_what_somebody_waits_for_in_a_department_that_wants_it(service, brand):
    person(service, DepartmentFactory(assignment_mode="manual"))
    for about in (
        {"department": DepartmentFactory()},
        {"historical": True},
        {"waiting_since": None, "status": Status.WAITING},
        {"closed_at": NOW, "status": Status.RESOLVED},
    ):
        CaseFactory(**{"department": service, "brand_account": brand, **about})
    assert automatic.assign_cases_automatically(NOW) == 0


def test_turns_go_on_from_tick_to_tick(service, brand):
    for name in ("ada", "bo", "cy"):
        person(service, username=name)
    for _ in range(7):
        waiting(service, brand)
        automatic.assign_cases_automatically(NOW)
    assert sorted(holders().values()) == [2, 2, 3]


def test_the_least_loaded_of_all_departments_comes_first(service, brand):
    service.assignment_mode = "least_loaded"
    service.save()
    ada, bo = person(service), person(service)
    for _ in range(3):
        waiting(DepartmentFactory(), brand, assignee=ada)
    waiting(service, brand)
    automatic.assign_cases_automatically(NOW)
    assert Case.objects.get(department=service).assignee == bo


def test_the_most_urgent_goes_first_while_there_is_room(service, brand):
    person(service, capacity=2)
    old = waiting(service, brand, waiting_since=NOW - 5 * MINUTE)
    urgent = waiting(service, brand, priority=2)
    waiting(service, brand, waiting_since=NOW - 4 * MINUTE)
    assert automatic.assign_cases_automatically(NOW) == 2
    assert set(Case.objects.filter(assignee__isnull=False)) == {old, urgent}


def test_a_department_may_allow_less_than_a_person_can_carry(service, brand):
    service.max_per_person = 1
    service.save()
    person(service, capacity=5)
    for _ in range(3):
        waiting(service, brand)
    assert automatic.assign_cases_automatically(NOW) == 1


def test_language_and_the_last_helper_decide(service, brand):
    ada = person(service, languages=["de"])
    bo = person(service, languages=["en"])
    german = MessageFactory(case=waiting(service, brand), language="de").case
    known = waiting(service, brand)
    MessageFactory(case=known, language="de")
    before = CaseFactory(
        identity=known.identity, status="resolved", closed_at=NOW, last_outbound_at=NOW, brand_account=brand
    )
    MessageFactory(case=before, outbound=True, user=bo)
    automatic.assign_cases_automatically(NOW)
    german.refresh_from_db()
    known.refresh_from_db()
    assert (german.assignee, known.assignee) == (ada, bo)
    assert "speaks German" in event_line(german.events.get())
    assert "answered this customer last" in event_line(known.events.get())
    service.prefers_last_helper = False
    service.save()
    Case.objects.filter(pk=known.pk).update(assignee=None)
    automatic.assign_cases_automatically(NOW)
    known.refresh_from_db()
    assert known.assignee == ada


def test_what_nobody_can_take_does_not_keep_the_rest_waiting(service, brand, monkeypatch):
    monkeypatch.setattr(automatic, "BATCH_SIZE", 3)
    juno = person(service, role=Role.COMMUNITY)
    BrandAccountGrant.objects.create(user=juno, brand_account=brand)
    for number in range(7):
        waiting(service, BrandAccountFactory(), waiting_since=NOW - (9 - number) * MINUTE)
    mine = waiting(service, brand)
    assert automatic.assign_cases_automatically(NOW) == 1
    assert Case.objects.get(assignee=juno) == mine


def test_it_costs_the_same_statements_for_one_case_and_for_thirty(service, brand):
    person(service, capacity=200)
    counts = []
    for cases_ in (1, 30):
        for _ in range(cases_):
            waiting(service, brand)
        with CaptureQueriesContext(connection) as captured:
            assert automatic.assign_cases_automatically(NOW) == cases_
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_storing_a_page_says_whether_somebody_is_to_be_found(feed: Feed):
    assert not feed.store(message("1")).wakes
    feed.departments["service"].assignment_mode = "round_robin"
    feed.departments["service"].save()
    assert feed.store(message("2")).wakes
    assert not feed.store(message("3", "I want a refund", by="2002")).wakes
    assert not feed.store(message("2")).wakes, "seen before"
    assert PageOutcome().wakes is False


def decided(case, **asked):
    """What a rule said of the case."""
    message = MessageFactory(case=case)
    Decision.objects.create(
        message=message, case=case, department=case.department, decided_by="rule", version=1, at=NOW,
        trace={"decided": {"department": case.department.slug, **asked}},
    )  # fmt: skip
    return case


class TestWhatARuleAsksFor:
    @pytest.mark.parametrize("mode", ["manual", "round_robin"])
    def test_a_person_gets_it_in_every_mode_if_they_are_there(self, service, brand, mode):
        service.assignment_mode = mode
        service.save()
        person(service)
        mara = person(service, username="mara", role=Role.MANAGER)
        case = decided(waiting(service, brand), person="mara")
        plain = waiting(service, brand)
        assert automatic.assign_cases_automatically(NOW) == (1 if mode == "manual" else 2)
        case.refresh_from_db()
        plain.refresh_from_db()
        assert case.assignee == mara
        assert event_line(case.events.get()) == f"Assigned to {mara}: a rule names them"
        assert plain.assignee != mara

    def test_a_skill_is_needed(self, service, brand):
        person(service)
        case = decided(waiting(service, brand), skill="refunds")
        assert automatic.assign_cases_automatically(NOW) == 0
        able = person(service)
        able.skills.create(slug="refunds", name="Refunds")
        assert automatic.assign_cases_automatically(NOW) == 1
        assert event_line(case.events.get()) == f"Assigned to {able}: the only one who can do Refunds"

    def test_it_holds_for_the_department_that_the_rule_chose(self, service, brand):
        case = decided(waiting(DepartmentFactory(), brand), skill="refunds")
        Case.objects.filter(pk=case.pk).update(department=service)
        person(service)
        assert automatic.assign_cases_automatically(NOW) == 1

    def test_take_next_honours_both(self, service, brand):
        ada = person(service, username="ada")
        decided(waiting(service, brand, priority=2), skill="refunds")
        others = decided(waiting(service, brand, priority=2), person="bo")
        plain = waiting(service, brand)
        mine = decided(waiting(service, brand), person="ada")
        assert [take_next.take_next_case(ada, now=NOW) for _ in range(4)] == [plain, mine, others, None]


class TestTakeNext:
    def test_the_most_urgent_that_one_may_see(self, service, brand):
        billing, foreign = DepartmentFactory(), DepartmentFactory()
        ada = person(service, billing)
        waiting(foreign, brand, priority=2)
        late = waiting(billing, brand, waiting_since=NOW - 9 * MINUTE)
        urgent = waiting(service, brand, priority=1)
        assert [take_next.take_next_case(ada, now=NOW) for _ in range(3)] == [urgent, late, None]
        late.refresh_from_db()
        assert (late.assignee, late.status, late.version) == (ada, Status.OPEN, 2)
        assert event_line(late.events.get(verb=Verb.ASSIGNED)) == f"{ada} took it"
        assert late.custodies.get().accepted_by == ada

    def test_a_case_keeps_its_clocks_and_all_else_that_it_had(self, service, brand):
        policy(first=60, following=30, resolution=480)
        case = waiting(service, brand)
        values, _ = clocks.compute_clock_values(case, case.network, versions.live_service_levels(), NOW)
        Case.objects.filter(pk=case.pk).update(**values)
        names = {field.attname for field in Case._meta.concrete_fields} - {"assignee_id", "status", "version"}
        before = Case.objects.values(*names).get()
        assert before["first_response_due_at"] < before["resolution_due_at"]
        taken = take_next.take_next_case(person(service), now=NOW + MINUTE)
        assert Case.objects.values(*names).get() == before == {name: getattr(taken, name) for name in names}

    def test_community_managers_take_from_every_department_of_their_brands(self, service, brand):
        juno = UserFactory(role=Role.COMMUNITY, publishes=[brand])
        waiting(service, BrandAccountFactory(), priority=2)
        mine = waiting(service, brand)
        assert [take_next.take_next_case(juno, now=NOW) for _ in range(2)] == [mine, None]

    def test_languages_that_one_does_not_speak_come_last(self, service, brand):
        ada = person(service, languages=["en"])
        german = MessageFactory(case=waiting(service, brand, priority=2), language="de").case
        english = MessageFactory(case=waiting(service, brand), language="en").case
        assert [take_next.take_next_case(ada, now=NOW) for _ in range(2)] == [english, german]

    def test_a_take_is_one_statement_that_claims_and_one_that_writes(self, service, brand):
        ada = person(service)
        for _ in range(2):
            waiting(service, brand)
        take_next.take_next_case(ada, now=NOW)
        with CaptureQueriesContext(connection) as captured:
            case = take_next.take_next_case(ada, now=NOW)
        statements = [one["sql"].split()[0] for one in captured if "SAVEPOINT" not in one["sql"]]
        assert statements == ["WITH", "WITH"]
        events = list(case.events.order_by("id").values_list("verb", "actor", "data__version"))
        assert events == [(Verb.ACCEPTED, ada.pk, 2), (Verb.ASSIGNED, ada.pk, 2)]

    def test_who_comes_from_elsewhere_accepts_nothing_and_nobody_accepts_twice(self, service, brand):
        case = waiting(service, brand)
        juno = UserFactory(role=Role.COMMUNITY, publishes=[brand])
        assert take_next.take_next_case(juno, now=NOW) == case
        assert case.custodies.get().accepted_at is None
        first = UserFactory(departments=[service])
        again = waiting(service, brand)
        Custody.objects.filter(case=again).update(accepted_at=NOW - MINUTE, accepted_by=first)
        assert take_next.take_next_case(person(service), now=NOW) == again
        assert again.custodies.get().accepted_by == first
        assert not again.events.filter(verb=Verb.ACCEPTED).exists()

    def test_a_take_that_breaks_off_leaves_the_case_in_the_queue(self, service, brand, monkeypatch):
        case, ada = waiting(service, brand), person(service)

        def breaks(*_):
            raise RuntimeError

        with monkeypatch.context() as patched, pytest.raises(RuntimeError):
            patched.setattr("inbox.changes.change.publish_cases_on_commit", breaks)
            take_next.take_next_case(ada, now=NOW)
        case.refresh_from_db()
        assert (case.assignee, case.version) == (None, 1)
        assert not case.events.exists()
        assert case.custodies.get().accepted_at is None
        assert take_next.take_next_case(ada, now=NOW) == case

    def test_not_for_who_is_away_or_does_not_work_on_cases(self, service, brand):
        waiting(service, brand)
        with pytest.raises(verbs.Invalid, match="You are away"):
            take_next.take_next_case(person(service, away_since=NOW), now=NOW)
        with pytest.raises(verbs.NotAllowed):
            take_next.take_next_case(person(service, role=Role.ANALYST), now=NOW)
        assert not Case.objects.filter(assignee__isnull=False).exists()


def at_once(call, times):
    gate = threading.Barrier(times)

    def one(_):
        try:
            connection.ensure_connection()
            gate.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_many_ticks_assign_none_twice_and_fill_nobody_beyond_capacity(self, brand):
        service, billing = (
            DepartmentFactory(assignment_mode=mode) for mode in ("round_robin", "least_loaded")
        )
        for _ in range(4):
            person(service, billing, capacity=6)
        for number in range(40):
            waiting((service, billing)[number % 2], brand)
        given = at_once(lambda: [automatic.assign_cases_automatically(NOW) for _ in range(4)], 4)
        assert sum(map(sum, given)) == 24
        assert Case.objects.filter(assignee__isnull=False).count() == 24
        assert set(Counter(Case.objects.values_list("assignee", flat=True)).values()) == {6, 16}
        assert CaseEvent.objects.filter(verb=Verb.ASSIGNED).values("case").distinct().count() == 24
        assert CaseEvent.objects.filter(verb=Verb.ASSIGNED).count() == 24

    def test_a_tick_that_meets_another_leaves_it_alone(self, brand, monkeypatch):
        """Both departments have the same person: counted at the same time, they would be filled twice."""
        # The tick that comes later begins with the department that the other one has not locked.
        second, first = (DepartmentFactory(assignment_mode="round_robin") for _ in range(2))
        ada = person(first, second, capacity=2)
        for _ in range(2):
            waiting(first, brand)
        counted, go_on, needs_of = threading.Event(), threading.Event(), automatic.read_case_needs

        def slow(case_ids):
            if not counted.is_set():
                counted.set()
                go_on.wait(10)
            return needs_of(case_ids)

        monkeypatch.setattr(automatic, "read_case_needs", slow)

        def meet():
            counted.wait(10)
            for _ in range(2):
                waiting(second, brand)
            try:
                return automatic.assign_cases_automatically(NOW)
            finally:
                go_on.set()

        turns = iter([lambda: automatic.assign_cases_automatically(NOW), meet])
        lock = threading.Lock()

        def one():
            with lock:
                mine = next(turns)
            return mine()

        assert sorted(at_once(one, 2)) == [0, 2]
        assert Case.objects.filter(assignee=ada).count() == 2

    def test_eight_who_take_next_get_each_a_case_of_their_own(self, brand):
        service = DepartmentFactory()
        agents = [person(service).pk for _ in range(8)]
        for _ in range(60):
            waiting(service, brand)
        queue = iter(agents)
        lock = threading.Lock()

        def take_all():
            with lock:
                me = User.objects.get(pk=next(queue))
            got = []
            while (case := take_next.take_next_case(me, now=NOW)) is not None:
                got.append(case.pk)
            return got

        got = at_once(take_all, 8)
        flat = [pk for one in got for pk in one]
        assert len(flat) == len(set(flat)) == 60
        assert CaseEvent.objects.filter(verb=Verb.ASSIGNED).count() == 60


class TestThePage:
    """The button and the key T."""

    def test_it_opens_the_case_that_was_taken(self, service, brand):
        ada = person(service)
        client = signed_in(ada)
        assert 'data-key="t"' in client.get("/").content.decode()
        case = waiting(service, brand)
        assert client.post("/take-next/")["Location"] == f"/cases/{case.pk}/"
        page = client.post("/take-next/", follow=True).content.decode()
        assert "No case is waiting that you could take" in page

    def test_who_is_away_is_told_so(self, service, brand):
        waiting(service, brand)
        page = signed_in(person(service, away_since=NOW)).post("/take-next/", follow=True).content.decode()
        assert "You are away" in page

    def test_analysts_have_no_button(self, service):
        client = signed_in(person(service, role=Role.ANALYST))
        assert 'data-key="t"' not in client.get("/").content.decode()
        assert client.post("/take-next/").status_code == 403
