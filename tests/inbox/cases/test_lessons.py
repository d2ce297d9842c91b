"""What people's hand-overs teach, and that nothing is taught by what was taken back or erased."""

from __future__ import annotations

import subprocess

import pytest
from django.conf import settings

from accounts.models import Role
from inbox.cases import hand_overs, verbs
from inbox.decisions import training
from inbox.models import Custody, Message
from routing.learning import corrections, trainings
from routing.models import RouterTraining, RoutingExample
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    service, billing, tech = (DepartmentFactory(slug=slug) for slug in ("service", "billing", "tech"))
    case = CaseFactory(department=service)
    MessageFactory(case=case, text="You took my money twice.")
    MessageFactory(case=case, text="Hello? Anybody?")
    person = UserFactory(role=Role.MANAGER, departments=[service, billing, tech])
    return case, person, service, billing, tech


def taught():
    return [(one.text, one.department) for one in RoutingExample.objects.all()]


def test_a_misroute_teaches_where_the_first_message_belongs(place):
    case, person, _, billing, _ = place
    verbs.hand_over_case(case.pk, person, billing, "Money", True, now=NOW)
    example = RoutingExample.objects.get()
    assert taught() == [("You took my money twice.", "billing")]
    assert (example.case_id, example.by, example.source) == (case.pk, person, "handed_over")
    assert example.facts["network"] == "x"
    assert example.facts["brand_account"] == f"x:{case.brand_account.remote_id}"


def test_a_plain_hand_over_teaches_nothing(place):
    case, person, _, billing, _ = place
    verbs.hand_over_case(case.pk, person, billing, "They go on from here", now=NOW)
    assert taught() == []


def test_the_last_misroute_of_a_case_counts(place):
    case, person, _, billing, tech = place
    verbs.hand_over_case(case.pk, person, billing, "Money", True, now=NOW)
    verbs.hand_over_case(case.pk, person, tech, "No, a fault", True, now=NOW)
    assert taught() == [("You took my money twice.", "tech")]


def test_what_is_taken_back_is_not_taught(place):
    case, person, _, billing, tech = place
    verbs.hand_over_case(case.pk, person, billing, "Money", True, now=NOW)
    verbs.hand_over_case(case.pk, person, tech, "No, a fault", True, now=NOW)
    for department, left in ((tech, [("You took my money twice.", "billing")]), (billing, [])):
        sent = Custody.objects.get(case=case, department=department, left_at__isnull=True)
        hand_overs.take_back_hand_over(sent.pk, person, now=NOW)
        assert taught() == left


def test_a_department_that_bounces_a_misroute_back_contests_it(place):
    case, person, _, billing, _ = place
    verbs.hand_over_case(case.pk, person, billing, "Money", True, now=NOW)
    hand_overs.bounce_case(case.pk, person, "Not for us", now=NOW)
    assert taught() == []


def test_deleted_and_empty_messages_teach_nothing(place):
    case, person, _, billing, tech = place
    first = Message.objects.filter(case=case).order_by("id").first()
    Message.objects.filter(pk=first.pk).update(deleted_at=NOW)
    verbs.hand_over_case(case.pk, person, billing, "Money", True, now=NOW)
    assert taught() == [("Hello? Anybody?", "billing")]
    Message.objects.filter(case=case).update(text="")
    verbs.hand_over_case(case.pk, person, tech, "A fault", True, now=NOW)
    assert taught() == []


def test_a_hand_over_that_fails_teaches_nothing(place):
    case, person, service, _, _ = place
    with pytest.raises(verbs.Invalid):
        verbs.hand_over_case(case.pk, person, service, "Here already", True, now=NOW)
    assert taught() == []


# The process that trains


def waiting(**changes):
    return RouterTraining.objects.create(asked_at=NOW, state="running", **changes)


def test_a_training_runs_in_a_process_of_its_own_with_one_core(monkeypatch):
    asked = []

    def run(command, **options):
        asked.append((command, options))
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(training.subprocess, "run", run)
    training.run_training(7)
    command, options = asked[0]
    assert command[1:] == [str(settings.BASE_DIR / "manage.py"), "learn", "--training", "7"]
    assert options["env"]["OPENBLAS_NUM_THREADS"] == "1"
    assert options["timeout"] == trainings.TIME_LIMIT.total_seconds()


def test_a_training_that_takes_too_long_or_ends_badly_is_said_to_have_failed(monkeypatch):
    def slow(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    def broken(command, **options):
        return subprocess.CompletedProcess(command, 1, b"", b"Traceback\nMemoryError")

    for run, said in ((slow, "took longer than 120 seconds"), (broken, "MemoryError")):
        row = waiting()
        monkeypatch.setattr(training.subprocess, "run", run)
        training.run_training(row.pk)
        row.refresh_from_db()
        assert row.state == "failed"
        assert said in row.progress
        assert "go on as before" in row.progress


def test_a_tick_asks_and_runs_once(monkeypatch):
    ran = []
    monkeypatch.setattr(training, "run_training", ran.append)
    corrections.import_corrections([(f"text {at}", "billing") for at in range(30)], by=None, now=NOW)
    training.run_due_training(NOW)
    training.run_due_training(NOW)
    assert ran == [RouterTraining.objects.get().pk]
