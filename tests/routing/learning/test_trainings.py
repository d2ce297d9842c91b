"""Corrections become examples, examples become versions, and only a version that is better decides."""

from __future__ import annotations

import datetime as dt
import json
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Department
from routing.classifier.router import BadArrays
from routing.files.routed import route_message
from routing.learning import corrections, router_versions, trainings
from routing.learning.active import (
    DEFAULT_THRESHOLD,
    clear_active_router_cache,
    get_active_router,
)
from routing.learning.example_facts import facts_of_text
from routing.models import (
    ExampleSource,
    LearningMode,
    LearningSetting,
    RouterTraining,
    RouterVersion,
    RoutingExample,
    TrainingState,
    VersionState,
)
from routing.rules.versions import live_rules
from tests.factories import NOW, DepartmentFactory
from tests.routing.classifier.examples import examples

LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_router_between_tests():
    clear_active_router_cache()
    yield
    clear_active_router_cache()


@pytest.fixture()
def taught(company):
    """A company with ninety imported corrections; its third department is tech."""
    DepartmentFactory(slug="tech", name="Tech")
    pairs = [(one.text, one.department) for one in examples(90)]
    corrections.import_corrections(pairs, by=company.manager, now=NOW)
    return company


def trained(now=NOW):
    trainings.request_training(None, now)
    return trainings.run_training(trainings.claim_training(now))


# Corrections


def test_of_a_case_the_last_word_counts(company):
    for department in ("billing", "service"):
        corrections.record_correction(
            " Where is it? ",
            department,
            source=ExampleSource.HANDED_OVER,
            by=company.agent,
            now=NOW,
            case_id=7,
        )
    example = RoutingExample.objects.get()
    assert (example.text, example.department, example.by) == ("Where is it?", "service", company.agent)


@pytest.mark.parametrize("text", ["", " \n "])
def test_a_text_that_says_nothing_teaches_nothing(company, text):
    for said in ("Where is it?", text):
        corrections.record_correction(
            said, "billing", source=ExampleSource.ACCEPTED, by=None, now=NOW, case_id=7
        )
    assert not RoutingExample.objects.exists()


def test_an_import_keeps_a_text_once_and_the_last_department(company):
    assert corrections.import_corrections(
        [("a", "billing"), ("b", "billing"), ("a", "service")], by=None, now=NOW
    ) == (2, 0)
    assert corrections.import_corrections(
        [("a", "billing"), ("b", "billing"), (" ", "x")], by=None, now=NOW
    ) == (
        0,
        1,
    )
    assert dict(RoutingExample.objects.values_list("text", "department")) == {"a": "billing", "b": "billing"}


# Training


def test_a_training_makes_the_active_version(taught):
    version = trained()
    count = RoutingExample.objects.count()
    assert (version.number, version.state, version.examples) == (1, VersionState.ACTIVE, count)
    assert version.rules_version == live_rules().version
    assert "right, the rules alone" in version.verdict
    training = RouterTraining.objects.get()
    assert (training.state, training.version, training.progress) == (
        TrainingState.DONE,
        version,
        version.verdict,
    )
    active = get_active_router()
    facts = facts_of_text("you took 12 euros from my card twice")
    assert route_message(facts, live_rules(), active).department == "billing"


def test_without_a_version_the_rules_name_the_next_best(company):
    assert get_active_router() is None
    answer = route_message(facts_of_text("refund my broken kettle"), live_rules(), None)
    assert (answer.department, answer.second) == ("billing", "service")


def test_too_few_corrections_say_what_is_missing(company):
    corrections.import_corrections([("x", "billing")], by=None, now=NOW)
    assert trained() is None
    training = RouterTraining.objects.get()
    assert training.state == TrainingState.FAILED
    assert "1 of the 20 corrections" in training.progress


def test_without_rules_the_starter_rules_vote(db):
    corrections.import_corrections([(one.text, one.department) for one in examples(60)], by=None, now=NOW)
    version = trained()
    assert (version.rules_version, version.state) == (0, VersionState.ACTIVE)


def test_a_version_worse_than_the_rules_is_not_used(taught, monkeypatch):
    from routing.classifier import training as classifier_training

    monkeypatch.setattr(classifier_training, "choose_strength", lambda data, learned_by_cut: (0.25, False))
    version = trained()
    assert version.state == VersionState.REFUSED
    assert version.verdict.startswith("Worse than the rules alone")
    assert get_active_router() is None


def test_a_version_worse_than_the_one_before_on_new_corrections_is_not_used(taught, monkeypatch):
    first = trained()
    corrections.import_corrections(
        [(f"new {at} {one.text}", one.department) for at, one in enumerate(examples(30, seed=9))],
        by=None,
        now=first.created_at + dt.timedelta(minutes=1),
    )
    real = trainings.train_router

    def worse(*arguments, **options):
        found = real(*arguments, **options)
        found.metrics["outcomes"] = [[right, "nowhere", 0.5] for right, _, _ in found.metrics["outcomes"]]
        return found

    monkeypatch.setattr(trainings, "train_router", worse)
    second = trained(LATER)
    assert second.state == VersionState.RETIRED
    assert "version 1 stays" in second.verdict
    assert get_active_router().number == 1


def test_it_begins_by_itself_after_enough_corrections_and_a_pause(taught):
    assert trainings.request_training_when_due(NOW)
    assert not trainings.request_training_when_due(NOW)
    assert not trainings.request_training_when_due(LATER)
    corrections.import_corrections([(f"t{at}", "billing") for at in range(9)], by=None, now=LATER)
    assert not trainings.request_training_when_due(LATER)
    corrections.import_corrections([("t9", "billing")], by=None, now=LATER)
    assert trainings.request_training_when_due(LATER)


def test_asking_twice_is_one_training(taught):
    assert trainings.request_training(None, NOW).pk == trainings.request_training(taught.manager, NOW).pk
    assert trainings.claim_training(NOW) is not None
    assert trainings.claim_training(NOW) is None
    assert trainings.request_training(None, NOW).state == TrainingState.RUNNING


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_once_one_trains(company):
    trainings.request_training(None, NOW)
    got, gate = [], threading.Barrier(2)

    def work():
        gate.wait()
        got.append(trainings.claim_training(NOW))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one is None for one in got) == [False, True]


def test_a_training_whose_worker_went_away_is_taken_again_and_then_given_up(taught):
    trainings.request_training(None, NOW)
    pk = trainings.claim_training(NOW)
    assert trainings.claim_training(NOW + trainings.TIME_LIMIT / 2) is None
    again = NOW + trainings.TIME_LIMIT + dt.timedelta(seconds=1)
    assert trainings.claim_training(again) == pk
    assert trainings.claim_training(again + trainings.TIME_LIMIT + dt.timedelta(seconds=1)) is None
    training = RouterTraining.objects.get()
    assert training.state == TrainingState.FAILED
    assert "go on as before" in training.progress
    assert trainings.run_training(pk) is None


# Rolling back


def test_rolling_back_pins_and_automatic_takes_the_newest_again(taught):
    trained()
    second = trained(LATER)
    router_versions.activate_router_version(1)
    assert get_active_router().number == 1
    third = trained(LATER + dt.timedelta(hours=1))
    assert third.state == VersionState.RETIRED
    assert "pinned" in third.verdict
    router_versions.set_learning_mode(LearningMode.AUTOMATIC)
    assert get_active_router().number == 3
    assert RouterVersion.objects.get(pk=second.pk).state == VersionState.RETIRED


def test_switched_off_only_the_rules_decide(taught):
    trained()
    router_versions.set_learning_mode(LearningMode.OFF)
    assert get_active_router() is None
    assert "switched off" in trained(LATER).verdict


def test_arrays_that_are_none_leave_the_rules(taught):
    version = trained()
    RouterVersion.objects.filter(pk=version.pk).update(arrays=b"\x80\x04.")
    clear_active_router_cache()
    assert get_active_router() is None
    with pytest.raises(BadArrays):
        router_versions.activate_router_version(1)


def test_the_active_router_is_asked_for_once_a_second_and_its_arrays_are_read_once(
    taught, monkeypatch, django_assert_num_queries
):
    trained()
    clock = [100.0]
    monkeypatch.setattr("routing.live_version.time.monotonic", lambda: clock[0])
    before = get_active_router()
    LearningSetting.objects.update_or_create(pk=1, defaults={"thresholds": {"billing": 0.5}})
    clock[0] += 0.9
    with django_assert_num_queries(0):
        assert get_active_router() is before
    clock[0] += 0.2
    with django_assert_num_queries(2):
        after = get_active_router()
    assert after.threshold("billing") == 0.5
    assert after.router is before.router
    clear_active_router_cache()
    assert get_active_router().router is not before.router


def test_thresholds_are_by_department(taught):
    trained()
    router_versions.set_threshold("billing", 0.5)
    active = get_active_router()
    assert active.threshold("billing") == 0.5
    assert active.threshold("tech") == DEFAULT_THRESHOLD


# The command


def written(tmp_path, rows, head="text,department", name="corrections.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_text("\n".join([head, *rows]), encoding=encoding)
    return path


def told(capsys, *arguments):
    call_command("learn", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_command_imports_and_trains(company, tmp_path, capsys):
    DepartmentFactory(slug="tech", name="Tech")
    rows = [f'"{one.text}",{one.department.title()}' for one in examples(60)]
    found = told(capsys, "--import", str(written(tmp_path, rows)))
    assert (found["version"], found["state"]) == (1, "active")
    assert found["new"] == found["examples"] > 30
    assert found["accuracy"] > found["rules_accuracy"]
    call_command("learn")
    assert "This version is in use" in capsys.readouterr().out
    call_command("learn", "--import", str(tmp_path / "corrections.csv"), "--import-only")
    assert "in use" not in capsys.readouterr().out


def test_a_department_that_is_not_there_stops_the_import(company, tmp_path, capsys):
    path = written(tmp_path, ["hello,nowhere", "refund,billing"])
    with pytest.raises(CommandError, match="nowhere"):
        call_command("learn", "--import", str(path))
    assert not RoutingExample.objects.exists()
    found = told(capsys, "--import", str(path), "--add-departments", "--import-only")
    assert found["new"] == 2
    assert RoutingExample.objects.get(text="hello").department == "nowhere"


def test_a_company_without_departments_gets_those_of_the_file(db, tmp_path, capsys):
    assert (
        told(capsys, "--import", str(written(tmp_path, ["my cat,pr", "a job,hr"])), "--import-only")["new"]
        == 2
    )
    assert set(Department.objects.values_list("slug", "name")) == {
        ("pr", "Press and public affairs"), ("hr", "People and jobs"),
    }  # fmt: skip


def test_while_the_starter_rules_decide_their_departments_may_be_missing(db, tmp_path, capsys):
    for number, row in enumerate(["my cat,pr", "a job,hr", "my money,billing"]):
        path = written(tmp_path, [row], name=f"{number}.csv")
        assert told(capsys, "--import", str(path), "--import-only")["new"] == 1
    assert Department.objects.get(slug="hr").name == "People and jobs"
    with pytest.raises(CommandError, match="not there: nowhere"):
        call_command("learn", "--import", str(written(tmp_path, ["a bug,tech", "hello,nowhere"])))
    assert not Department.objects.filter(slug="tech").exists()


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        (["a,b"], "title,place", "needs a column"),
        ([], "text,department", "no row"),
        ([",billing"], "text,label", "no row"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_why(company, tmp_path, rows, head, said):
    with pytest.raises(CommandError, match=said):
        call_command("learn", "--import", str(written(tmp_path, rows, head)))


def test_files_of_spreadsheets_are_read(company, tmp_path, capsys):
    for number, encoding in enumerate(("utf-16", "latin-1", "utf-8-sig")):
        path = written(tmp_path, [f"Tür {number};billing"], "text;department", f"{number}.csv", encoding)
        assert told(capsys, "--import", str(path), "--import-only")["new"] == 1
    assert {one.text for one in RoutingExample.objects.all()} == {"Tür 0", "Tür 1", "Tür 2"}


def test_the_command_says_why_nothing_was_trained(company):
    with pytest.raises(CommandError, match="0 of the 20 corrections"):
        call_command("learn")


def test_what_was_imported_is_said_where_nothing_can_be_trained_yet(company, tmp_path):
    path = written(tmp_path, ["a refund,billing", "hello,service"])
    with pytest.raises(
        CommandError, match=r"taken over: 2 new, 0 changed\. Nothing was trained\. 2 of the 20"
    ):
        call_command("learn", "--import", str(path))
    assert RoutingExample.objects.count() == 2


@pytest.mark.slow
def test_measuring_prints_one_object(tmp_path, capsys):
    rows = [f'"{one.text}",{one.department},read_me' for one in examples(120)]
    path = written(tmp_path, rows, "text,label,source")
    call_command("measure", "routing", str(path), "--corrections", "40", "--seeds", "1")
    found = json.loads(capsys.readouterr().out)
    assert found["subject"] == "routing"
    assert found["curve"][0]["slice_tested"] == found["curve"][0]["tested"] == 80


def test_measuring_says_what_is_wrong_with_its_arguments(tmp_path):
    path = written(tmp_path, ["a,b"], "text,label")
    for arguments in (("--corrections", "many"), ("--seeds", "0"), ()):
        with pytest.raises(CommandError):
            call_command("measure", "routing", str(path), *arguments)
