"""Two people pass the same case on, take it back, or answer its playbook in the same moment."""

from __future__ import annotations

import datetime as dt

import pytest

from inbox.cases import hand_overs, playbook, verbs
from inbox.changes.refusals import Conflict
from inbox.models import Case, CaseEvent, CasePlaybook, Custody, Verb
from routing.playbook import versions
from tests.factories import NOW, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.replies.test_races import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SOON = NOW + dt.timedelta(seconds=3)


@pytest.fixture
def service():
    return DepartmentFactory(slug="service")


@pytest.fixture
def billing():
    return DepartmentFactory(slug="billing")


def people(department, count=2):
    return [UserFactory(departments=[department]) for _ in range(count)]


def test_a_case_bounced_twice_at_once_goes_back_once(service, billing):
    [ann], bens = people(service, 1), people(billing)
    for _ in range(10):
        case = CaseFactory(department=service)
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        results = at_once(
            *(
                lambda by=by, pk=case.pk: hand_overs.bounce_case(pk, by, "Not ours", version=2, now=SOON)
                for by in bens
            )
        )
        assert sum(isinstance(one, Case) for one in results) == 1
        # The slower one looks at an older version, or finds no case any more.
        assert sum(isinstance(one, Conflict | Case.DoesNotExist) for one in results) == 1
        assert Custody.objects.filter(case=case, department=service).count() == 2
        assert Case.objects.get(pk=case.pk).returned_count == 1


def test_accepting_and_taking_back_at_once_leaves_one_holder(service, billing):
    [ann], [ben] = people(service, 1), people(billing, 1)
    outcomes = set()
    for _ in range(20):
        case = CaseFactory(department=service)
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        custody = Custody.objects.get(case=case, left_at__isnull=True)
        at_once(
            lambda pk=custody.pk: hand_overs.take_back_hand_over(pk, ann, now=SOON),
            lambda pk=case.pk: hand_overs.accept_case(pk, ben, now=SOON),
        )
        held = Custody.objects.get(case=case, left_at__isnull=True)
        assert Case.objects.get(pk=case.pk).department_id == held.department_id
        taken_back = CaseEvent.objects.filter(case=case, verb=Verb.TAKEN_BACK).exists()
        assert (held.department == service) is taken_back
        assert (held.department == billing) is (held.accepted_by == ben)
        outcomes.add(taken_back)
    assert outcomes <= {True, False}


def test_a_question_answered_twice_at_once_has_one_answer(service):
    versions.install_starter_playbook(None, NOW)
    both = people(service)
    for _ in range(10):
        case = CaseFactory(department=service)
        results = at_once(
            *(
                lambda by=by, pk=case.pk: playbook.answer_playbook(pk, by, "kind", "unhappy", now=NOW)
                for by in both
            )
        )
        assert sorted(type(one).__name__ for one in results) == ["Case", "Conflict"]
        assert len(CasePlaybook.objects.get(case=case).answers) == 1


def test_two_first_drafts_at_once_are_one():
    assert {
        type(one).__name__ for one in at_once(*[lambda: versions.begin_playbook_draft(None, NOW)] * 2)
    } == {"Playbook"}
    assert versions.find_playbook_draft().revision == 1
