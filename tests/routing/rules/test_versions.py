"""Versions: published when something changed, live within a second, replayed to the same result."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.models import Department, Role
from routing.facts import Facts
from routing.models import RoutingDefault, Rule, RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from routing.rules.engine import decide
from routing.rules.starter import STARTER_DEPARTMENTS
from routing.rules.store import build_rules_snapshot
from tests.factories import NOW, DepartmentFactory, UserFactory

WORDS = {"field": "words", "any": ["late"]}


def message(text):
    return Facts(text, "x", "mentions", "x:1", NOW)


def numbers():
    return list(RuleSetVersion.objects.order_by("number").values_list("number", flat=True))


def test_an_empty_database_says_what_to_do(db):
    with pytest.raises(RuleSetError, match="install the starter rules"):
        versions.live_rules()


def test_nothing_can_be_published_without_a_default(db):
    with pytest.raises(RuleSetError, match="no default department"):
        versions.publish_rules(None, "", NOW)


def test_each_change_is_one_version_with_author_and_note(company):
    assert numbers() == [1, 2, 3]
    newest = RuleSetVersion.objects.first()
    assert (newest.created_by, newest.note, newest.created_at) == (company.manager, "Added “Faults”", NOW)


def test_publishing_without_a_change_makes_no_version(company):
    assert versions.publish_rules(company.manager, "again", NOW) is None
    assert numbers() == [1, 2, 3]


def test_live_follows_a_publish_at_once_in_the_same_process(company):
    assert decide(message("late"), versions.live_rules()).department == "service"
    editing.add_rule(RuleContent("Late", WORDS, company.billing), company.manager, "", NOW)
    decision = decide(message("late"), versions.live_rules())
    assert (decision.department, decision.version) == ("billing", 4)


def test_live_asks_the_database_once_a_second(company, monkeypatch, django_assert_num_queries):
    clock = [100.0]
    monkeypatch.setattr("routing.live_version.time.monotonic", lambda: clock[0])
    versions.live_rules()
    with django_assert_num_queries(0):
        clock[0] += 0.9
        versions.live_rules()
    with django_assert_num_queries(1):
        clock[0] += 0.2
        known = versions.live_rules()
    # Another process publishes: this one is told by the number alone.
    content = build_rules_snapshot() | {"rules": []}
    RuleSetVersion.objects.create(number=4, snapshot=content, created_at=NOW)
    assert versions.live_rules() is known
    clock[0] += 1.1
    assert versions.live_rules().version == 4


def test_a_number_used_again_after_a_rollback_is_not_mistaken(company, monkeypatch):
    """Numbers are given again when the transaction that gave them is rolled back; other processes may have seen it."""
    clock = [100.0]
    monkeypatch.setattr("routing.live_version.time.monotonic", lambda: clock[0])
    assert versions.live_rules().version == 3
    gone = RuleSetVersion.objects.get(number=3)
    gone.delete()
    RuleSetVersion.objects.create(number=3, snapshot=gone.snapshot | {"rules": []}, created_at=NOW)
    clock[0] += 1.1
    assert versions.live_rules().rules == ()


def test_a_decision_is_replayed_from_its_version(company):
    before = decide(message("a refund"), versions.live_rules())
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    assert decide(message("a refund"), versions.live_rules()).department == "service"
    assert versions.replay_decision(message("a refund"), before.version) == before


def test_a_rule_to_a_closed_department_is_refused_and_nothing_is_kept(company):
    with pytest.raises(RuleSetError, match="Museum, which is closed"):
        editing.add_rule(RuleContent("Old", WORDS, company.closed), company.manager, "", NOW)
    assert not Rule.objects.filter(name="Old").exists()
    assert numbers() == [1, 2, 3]


def test_a_bad_condition_is_refused_and_nothing_is_kept(company):
    with pytest.raises(RuleSetError, match="Rule “Bad”"):
        editing.add_rule(RuleContent("Bad", {"all": []}, company.billing), company.manager, "", NOW)
    assert not Rule.objects.filter(name="Bad").exists()


def test_moving_keeps_the_order_of_the_others(company):
    third = editing.add_rule(RuleContent("Third", WORDS, company.billing), company.manager, "", NOW)
    names = lambda: list(Rule.objects.values_list("name", flat=True))  # noqa: E731
    editing.move_rule(third.key, company.manager, NOW, to=1)
    assert names() == ["Third", "Refunds", "Faults"]
    editing.move_rule(third.key, company.manager, NOW, step=1)
    assert names() == ["Refunds", "Third", "Faults"]
    editing.move_rule(third.key, company.manager, NOW, to=99)
    assert names() == ["Refunds", "Faults", "Third"]
    assert list(Rule.objects.values_list("position", flat=True)) == [1, 2, 3]


def test_a_copy_stands_behind_its_original_and_is_off(company):
    copy = editing.duplicate_rule(company.refunds.key, company.manager, NOW)
    assert list(Rule.objects.values_list("name", "enabled")) == [
        ("Refunds", True),
        ("Refunds (copy)", False),
        ("Faults", True),
    ]
    assert copy.condition == company.refunds.condition


def test_going_back_is_a_new_version_with_the_old_rules(company):
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    answer = editing.restore_rules_version(3, company.manager, NOW)
    assert answer == "Version 3 is back, as version 5."
    assert RuleSetVersion.objects.first().note == "Back to version 3"
    assert Rule.objects.get(key=company.refunds.key).name == "Refunds"
    assert RuleSetVersion.objects.get(number=5).snapshot == RuleSetVersion.objects.get(number=3).snapshot


def test_going_back_to_a_rule_of_a_closed_department_brings_it_back_off(company):
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    Department.objects.filter(slug="billing").update(is_open=False)
    editing.restore_rules_version(3, company.manager, NOW)
    assert Rule.objects.get(key=company.refunds.key).enabled is False


def test_going_back_to_a_department_that_is_gone_is_refused_and_changes_nothing(company):
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    Department.objects.filter(slug="billing").update(slug="accounts")
    with pytest.raises(RuleSetError, match="Version 3 uses the department “billing”, which is gone"):
        editing.restore_rules_version(3, company.manager, NOW)
    assert not Rule.objects.filter(key=company.refunds.key).exists()


def test_the_starter_rules_are_installed_for_the_departments_there_are(db):
    departments = {
        slug: DepartmentFactory(slug=slug, name=name)
        for slug, name in STARTER_DEPARTMENTS.items()
        if slug != "hr"
    }
    version = versions.install_starter_rules(departments, "service", NOW)
    assert version.number == 1
    assert not Rule.objects.filter(name__startswith="Jobs").exists()
    assert RoutingDefault.objects.get().department.slug == "service"
    assert (
        decide(message("You charged me twice, I want a refund"), versions.live_rules()).department
        == "billing"
    )
    again = versions.install_starter_rules(departments, "service", NOW)
    assert again.number == 1


@pytest.mark.django_db(transaction=True)
def test_two_publishers_take_turns():
    department = DepartmentFactory(slug="service", name="Service")
    user = UserFactory(role=Role.ADMINISTRATOR)
    editing.set_default_department(department, user, NOW)
    failures = []

    def add(n):
        try:
            editing.add_rule(RuleContent(f"Rule {n}", WORDS, department), user, "", NOW)
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert numbers() == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(Rule.objects.values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert [len(version.snapshot["rules"]) for version in RuleSetVersion.objects.order_by("number")] == [
        0,
        1,
        2,
        3,
        4,
        5,
        6,
    ]
