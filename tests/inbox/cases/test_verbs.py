import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from accounts.models import BrandAccountGrant, Membership, Role
from inbox.cases.verbs import (
    Conflict,
    Invalid,
    NotAllowed,
    add_note,
    assign_case,
    claim_case,
    dismiss_case,
    hand_over_case,
    reopen_case,
    resolve_case,
)
from inbox.changes.change import Change
from inbox.models import Case, CaseEvent, Custody, Status, Verb, Visibility
from postgres.history import open_history
from routing.service_levels import versions
from tests.factories import (
    NOW,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)
LATER_STILL = NOW + dt.timedelta(hours=2)


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def service():
    return DepartmentFactory(name="Service")


@pytest.fixture
def agent(billing):
    return UserFactory(departments=[billing], first_name="Ann", last_name="Bell")


@pytest.fixture
def colleague(billing):
    return UserFactory(departments=[billing], first_name="Ben", last_name="Cole")


@pytest.fixture
def manager(billing, service):
    return UserFactory(departments=[billing, service], role=Role.MANAGER, first_name="Mia", last_name="Dorn")


@pytest.fixture
def case(billing):
    case = CaseFactory(department=billing)
    MessageFactory(case=case)
    return case


def verbs(case):
    return list(CaseEvent.objects.filter(case=case).order_by("at", "id").values_list("verb", flat=True))


def fresh(case):
    return Case.objects.get(pk=case.pk)


VERBS = {
    "claim": lambda case_id, by: claim_case(case_id, by, now=LATER),
    "assign": lambda case_id, by: assign_case(case_id, by, by, now=LATER),
    "note": lambda case_id, by: add_note(case_id, by, "Hm.", now=LATER),
    "resolve": lambda case_id, by: resolve_case(case_id, by, now=LATER),
    "reopen": lambda case_id, by: reopen_case(case_id, by, now=LATER),
    "dismiss": lambda case_id, by: dismiss_case(case_id, by, "Noise", now=LATER),
    "hand_over": lambda case_id, by: hand_over_case(case_id, by, DepartmentFactory(), "Not ours", now=LATER),
}


class TestWhoMay:
    @pytest.mark.parametrize("verb", VERBS)
    def test_an_outsider_finds_no_case(self, case, verb):
        outsider = UserFactory(departments=[DepartmentFactory()])
        with pytest.raises(Case.DoesNotExist):
            VERBS[verb](case.pk, outsider)
        assert fresh(case).version == case.version
        assert verbs(case) == []

    @pytest.mark.parametrize("verb", VERBS)
    def test_an_absent_case_looks_the_same(self, agent, verb):
        with pytest.raises(Case.DoesNotExist):
            VERBS[verb](10**9, agent)

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR])
    def test_who_only_reads_changes_nothing(self, case, billing, verb, role):
        reader = UserFactory(departments=[billing], role=role)
        with pytest.raises(NotAllowed):
            VERBS[verb](case.pk, reader)
        assert fresh(case).version == case.version

    def test_an_administrator_does_not_even_see_a_direct_case(self, billing):
        direct = CaseFactory(department=billing, visibility=Visibility.DIRECT)
        with pytest.raises(Case.DoesNotExist):
            add_note(direct.pk, UserFactory(role=Role.ADMINISTRATOR), "Hm.", now=LATER)

    def test_a_community_manager_works_on_cases_of_granted_accounts(self, case):
        community = UserFactory(role=Role.COMMUNITY)
        with pytest.raises(Case.DoesNotExist):
            claim_case(case.pk, community, now=LATER)
        BrandAccountGrant.objects.create(user=community, brand_account=case.brand_account)
        community = type(community).objects.get(pk=community.pk)
        assert claim_case(case.pk, community, now=LATER).assignee == community


class TestClaimAndAssign:
    def test_claiming_takes_the_case(self, case, agent):
        claim_case(case.pk, agent, version=1, now=LATER)
        case = fresh(case)
        assert (case.assignee, case.status, case.version) == (agent, Status.OPEN, 2)
        assert verbs(case) == [Verb.ACCEPTED, Verb.ASSIGNED]
        event = CaseEvent.objects.get(case=case, verb=Verb.ASSIGNED)
        kept = {key: value for key, value in event.data.items() if key != "before"}
        assert kept == {"from": "", "to": "Ann Bell", "to_id": agent.pk, "version": 2}

    def test_claiming_ones_own_case_again_changes_nothing(self, case, agent):
        claim_case(case.pk, agent, now=LATER)
        assert claim_case(case.pk, agent, version=1, now=LATER_STILL).version == 2
        assert len(verbs(case)) == 2

    def test_a_colleague_was_quicker(self, case, agent, colleague):
        claim_case(case.pk, colleague, now=LATER)
        with pytest.raises(Conflict, match="Ben Cole has this case already") as refused:
            claim_case(case.pk, agent, now=LATER_STILL)
        assert refused.value.case.assignee == colleague

    def test_an_agent_does_not_take_a_colleagues_case_by_assigning(self, case, agent, colleague):
        claim_case(case.pk, colleague, now=LATER)
        with pytest.raises(NotAllowed):
            assign_case(case.pk, agent, agent, now=LATER)

    def test_an_agent_passes_on_or_gives_back_what_is_theirs(self, case, agent, colleague):
        claim_case(case.pk, agent, now=LATER)
        assert assign_case(case.pk, agent, colleague, now=LATER).assignee == colleague
        assign_case(case.pk, colleague, None, now=LATER)
        assert fresh(case).assignee is None

    def test_a_manager_reassigns(self, case, agent, colleague, manager):
        claim_case(case.pk, agent, now=LATER)
        assert assign_case(case.pk, manager, colleague, now=LATER).assignee == colleague

    def test_somebody_who_left_gets_no_case(self, case, manager, colleague):
        colleague.is_active = False
        colleague.save()
        with pytest.raises(Invalid, match="no longer works here"):
            assign_case(case.pk, manager, colleague, now=LATER)

    def test_somebody_who_cannot_see_the_case_does_not_get_it(self, case, manager, service):
        with pytest.raises(Invalid, match="cannot see the cases of Billing"):
            assign_case(case.pk, manager, UserFactory(departments=[service]), now=LATER)

    def test_a_closed_case_is_not_given_to_anybody(self, case, agent):
        resolve_case(case.pk, agent, now=LATER)
        with pytest.raises(Invalid, match="closed"):
            claim_case(case.pk, agent, now=LATER_STILL)


class TestVersions:
    def test_who_acts_on_an_older_version_is_told_what_happened(self, case, agent, colleague):
        add_note(case.pk, colleague, "I know this customer.", now=LATER)
        with pytest.raises(Conflict, match=r"Ben Cole added a note at 11:00 on 18 November\.") as refused:
            resolve_case(case.pk, agent, version=1, now=LATER_STILL)
        assert refused.value.case.version == 2
        assert fresh(case).is_open

    def test_the_customer_is_named_when_the_customer_wrote(self, case, agent):
        MessageFactory(case=case, network_time=LATER)
        Case.objects.filter(pk=case.pk).update(version=2)
        with pytest.raises(Conflict, match="The customer wrote at 11:00"):
            resolve_case(case.pk, agent, version=1, now=LATER_STILL)

    def test_without_a_version_nothing_is_compared(self, case, agent, colleague):
        add_note(case.pk, colleague, "I know this customer.", now=LATER)
        assert resolve_case(case.pk, agent, now=LATER_STILL).status == Status.RESOLVED

    def test_a_change_leaves_columns_of_others_alone(self, case, agent):
        stale = fresh(case)
        Case.objects.filter(pk=case.pk).update(priority=3)
        claim_case(stale.pk, agent, now=LATER)
        assert fresh(case).priority == 3


class TestCustody:
    def test_a_hand_over_ends_one_interval_and_begins_the_next(self, case, agent, billing, service):
        claim_case(case.pk, agent, now=NOW)
        hand_over_case(case.pk, agent, service, "Broken device", True, now=LATER)
        first, second = Custody.objects.filter(case=case).order_by("sent_at")
        assert (first.department, first.left_at, first.accepted_by) == (billing, LATER, agent)
        assert (second.department, second.from_department, second.sent_at) == (service, billing, LATER)
        assert (second.accepted_at, second.left_at) == (None, None)
        assert (second.reason, second.wrong_department, second.sent_by) == ("Broken device", True, agent)
        case = fresh(case)
        assert (case.department, case.assignee) == (service, None)

    def test_the_receiving_department_accepts_with_its_first_act(self, case, agent, service):
        hand_over_case(case.pk, agent, service, "Broken device", now=NOW)
        helper = UserFactory(departments=[service])
        add_note(case.pk, helper, "We look into it.", now=LATER)
        add_note(case.pk, helper, "Still looking.", now=LATER_STILL)
        custody = Custody.objects.get(case=case, left_at=None)
        assert (custody.accepted_at, custody.accepted_by) == (LATER, helper)
        assert verbs(case).count(Verb.ACCEPTED) == 2

    def test_a_person_of_another_department_does_not_accept(self, case, agent, service):
        community = UserFactory(role=Role.COMMUNITY)
        BrandAccountGrant.objects.create(user=community, brand_account=case.brand_account)
        add_note(case.pk, community, "Angry customer.", now=LATER)
        assert Custody.objects.get(case=case).accepted_at is None

    def test_the_intervals_sum_to_the_lifetime(self, case, agent, manager, service):
        hand_over_case(case.pk, agent, service, "Broken device", now=LATER)
        resolve_case(case.pk, manager, now=LATER_STILL)
        rows = Custody.objects.filter(case=case)
        assert (
            sum((row.left_at - row.sent_at for row in rows), dt.timedelta()) == LATER_STILL - case.created_at
        )

    def test_a_reopened_case_goes_on_in_the_same_interval(self, case, agent):
        resolve_case(case.pk, agent, now=LATER)
        reopen_case(case.pk, agent, now=LATER_STILL)
        assert Custody.objects.get(case=case).left_at is None

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"reason": "  "}, "Say why"),
            ({"reason": "x" * 301}, "at most 300"),
            ({"department": "same"}, "has this case already"),
            ({"department": "closed"}, "takes no new cases"),
        ],
    )
    def test_a_hand_over_that_makes_no_sense(self, case, agent, billing, service, change, words):
        departments = {"same": billing, "closed": DepartmentFactory(is_open=False)}
        department = departments.get(change.get("department"), service)
        with pytest.raises(Invalid, match=words):
            hand_over_case(case.pk, agent, department, change.get("reason", "Not ours"), now=LATER)
        assert Custody.objects.get(case=case).left_at is None
        assert fresh(case).version == 1

    def test_an_agent_does_not_hand_over_a_colleagues_case(self, case, agent, colleague, service):
        claim_case(case.pk, colleague, now=LATER)
        with pytest.raises(NotAllowed):
            hand_over_case(case.pk, agent, service, "Not ours", now=LATER_STILL)

    def test_after_the_hand_over_the_old_department_no_longer_finds_it(self, case, agent, service):
        hand_over_case(case.pk, agent, service, "Broken device", now=LATER)
        with pytest.raises(Case.DoesNotExist):
            add_note(case.pk, agent, "And another thing.", now=LATER_STILL)


class TestClosing:
    def test_resolving(self, case, agent):
        resolve_case(case.pk, agent, version=1, now=LATER)
        case = fresh(case)
        assert (case.status, case.closed_at, case.first_resolved_at) == (Status.RESOLVED, LATER, LATER)
        assert case.waiting_since is None

    def test_resolving_twice_is_one_event(self, case, agent):
        resolve_case(case.pk, agent, version=1, now=LATER)
        resolve_case(case.pk, agent, version=1, now=LATER_STILL)
        assert verbs(case).count(Verb.RESOLVED) == 1
        assert fresh(case).closed_at == LATER

    def test_resolving_what_a_colleague_dismissed_is_a_conflict(self, case, agent, colleague):
        dismiss_case(case.pk, colleague, "Noise", now=LATER)
        with pytest.raises(Conflict, match=r"Ben Cole dismissed this case \(Noise\)"):
            resolve_case(case.pk, agent, now=LATER_STILL)

    def test_dismissing_needs_a_reason(self, case, agent):
        with pytest.raises(Invalid):
            dismiss_case(case.pk, agent, " \n", now=LATER)
        assert fresh(case).is_open
        dismiss_case(case.pk, agent, "Noise", now=LATER)
        assert (fresh(case).status, fresh(case).close_reason) == (Status.DISMISSED, "Noise")

    def test_reopening_remembers_since_when_the_customer_waits(self, case, agent):
        resolve_case(case.pk, agent, now=LATER)
        reopen_case(case.pk, agent, now=LATER_STILL)
        case = fresh(case)
        assert (case.status, case.closed_at, case.reopen_count) == (Status.OPEN, None, 1)
        assert case.waiting_since == NOW
        assert case.first_resolved_at == LATER

    def test_reopening_after_our_answer_nobody_waits(self, case, agent):
        Case.objects.filter(pk=case.pk).update(last_outbound_at=LATER)
        resolve_case(case.pk, agent, now=LATER)
        assert reopen_case(case.pk, agent, now=LATER_STILL).waiting_since is None

    def test_a_reopened_case_does_not_go_to_somebody_who_left_the_department(self, case, agent, colleague):
        claim_case(case.pk, colleague, now=NOW)
        resolve_case(case.pk, colleague, now=LATER)
        Membership.objects.filter(user=colleague).delete()
        assert reopen_case(case.pk, agent, now=LATER_STILL).assignee is None


class TestNotes:
    def test_a_note_is_kept_as_written(self, case, agent):
        add_note(case.pk, agent, "<b>Call</b> back\r\ntomorrow\x00", now=LATER)
        assert CaseEvent.objects.get(case=case, verb=Verb.NOTED).data["text"] == "<b>Call</b> back\ntomorrow�"

    @pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_001])
    def test_an_empty_or_endless_note_is_refused(self, case, agent, text):
        with pytest.raises(Invalid):
            add_note(case.pk, agent, text, now=LATER)


def test_open_pages_hear_of_it_on_commit(
    case, agent, service, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr("inbox.live.publish.publish_cases", told.extend)
    with django_capture_on_commit_callbacks(execute=True):
        hand_over_case(case.pk, agent, service, "Broken device", now=LATER)
    [change] = told
    assert (change.case_id, change.department_id, change.from_department_id) == (
        case.pk,
        service.pk,
        case.department_id,
    )


def test_nothing_is_told_when_nothing_happened(case, agent, monkeypatch, django_capture_on_commit_callbacks):
    claim_case(case.pk, agent, now=LATER)
    told = []
    monkeypatch.setattr("inbox.live.publish.publish_cases", told.extend)
    with django_capture_on_commit_callbacks(execute=True):
        claim_case(case.pk, agent, now=LATER)
        with pytest.raises(Invalid):
            add_note(case.pk, agent, "", now=LATER)
    assert told == []


def test_a_change_is_written_in_one_statement(billing, agent, django_assert_num_queries):
    case = CaseFactory(department=billing)
    change = Change(case, agent, LATER)
    change.set(priority=2, tags=["vip"], assignee=agent)
    change.record(Verb.PRIORITISED, {"to": 2, "text": "ü “quoted” \\ and\nlines", "none": None})
    change.record(Verb.NOTED, {"text": "second"})
    versions.live_service_levels()
    with transaction.atomic(), django_assert_num_queries(1):
        change.save()
    stored = Case.objects.get(pk=case.pk)
    assert (stored.priority, stored.tags, stored.assignee, stored.version) == (2, ["vip"], agent, 2)
    first, second = stored.events.order_by("id")
    assert (first.verb, first.actor, first.at) == (Verb.PRIORITISED, agent, LATER)
    assert first.data == {"to": 2, "text": "ü “quoted” \\ and\nlines", "none": None, "version": 2}
    assert second.data == {"text": "second", "version": 2}


def test_a_change_of_a_case_that_is_gone_fails_loudly(billing, agent):
    case = CaseFactory(department=billing)
    change = Change(Case.objects.get(pk=case.pk), agent, LATER)
    change.set(priority=2)
    with open_history():
        Custody.objects.filter(case=case).delete()
    case.delete()
    with pytest.raises(DatabaseError, match="is gone"):
        change.save()
