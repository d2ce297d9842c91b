"""History that no statement changes, deletes or empties, and the narrow ways that the product itself needs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from inbox.models import CaseEvent, Custody, Decision, MessageCorrection, Verb
from postgres.history import open_history
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)
TWO_MINUTES = dt.timedelta(minutes=2)
TABLES = ("inbox_caseevent", "inbox_custody", "inbox_decision", "inbox_messagecorrection")
#: For each table a column that nobody may set, and a value for it.
FORGERIES = {
    "inbox_caseevent": "data = '{}'",
    "inbox_custody": "reason = 'Another reason'",
    "inbox_decision": "reasons = '[\"Another reason\"]'",
    "inbox_messagecorrection": "value = '1'",
}


@pytest.fixture
def message():
    return MessageFactory(case=CaseFactory(department=DepartmentFactory(slug="service")))


@pytest.fixture(autouse=True)
def history(message):
    """One row in each table of history."""
    person = UserFactory()
    CaseEvent.objects.create(case=message.case, at=NOW, verb=Verb.OPENED, data={"text": "Once"})
    decision(message)
    MessageCorrection.objects.create(message=message, field="urgency", machine=0, value=2, by=person, at=NOW)


def decision(message, **fields):
    defaults = {"decided_by": "default", "version": 1, "reasons": ["No rule held."], "at": NOW}
    return Decision.objects.create(
        message=message, case=message.case, department=message.case.department, **defaults | fields
    )


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for none that is still to be checked
        cursor.execute(statement)
        return cursor.rowcount


def assert_refused(statement):
    with pytest.raises(IntegrityError, match="append-only"):
        run(statement)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_of_history_is_neither_changed_nor_deleted(table):
    assert_refused(f"UPDATE {table} SET {FORGERIES[table]}")
    assert_refused(f"DELETE FROM {table}")
    assert_refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", TABLES)
def test_the_owner_erases_when_a_transaction_says_so(table):
    with open_history():
        assert run(f"UPDATE {table} SET {FORGERIES[table]}") == 1
        assert run(f"DELETE FROM {table}") == 1
    assert_refused(f"TRUNCATE {table} CASCADE")


def test_the_setting_alone_opens_nothing_for_a_role_that_owns_nothing():
    run("CREATE ROLE horseshoe_reader_and_writer")
    run("GRANT SELECT, INSERT, UPDATE, DELETE ON inbox_caseevent TO horseshoe_reader_and_writer")
    with transaction.atomic(), open_history():
        run("SET LOCAL ROLE horseshoe_reader_and_writer")
        assert_refused("DELETE FROM inbox_caseevent")
        run("RESET ROLE")


def test_emptying_the_cases_does_not_empty_their_history():
    assert_refused("TRUNCATE inbox_case CASCADE")


def test_a_custody_is_accepted_once_ends_once_and_goes_on(message):
    custody = Custody.objects.filter(case=message.case)
    ann, ben = UserFactory(), UserFactory()
    custody.update(accepted_at=NOW, accepted_by=ann)
    custody.update(left_at=LATER)
    assert_refused(f"UPDATE inbox_custody SET accepted_by_id = {ben.pk}")
    assert_refused("UPDATE inbox_custody SET accepted_at = NULL, accepted_by_id = NULL")
    assert_refused("UPDATE inbox_custody SET left_at = left_at - interval '10 minutes'")
    custody.update(left_at=None)


def test_only_a_hand_over_that_nobody_has_accepted_can_be_taken_back(message):
    billing = DepartmentFactory(slug="billing")
    Custody.objects.update(left_at=NOW)
    sent = Custody.objects.create(
        case=message.case, department=billing, from_department=message.case.department, sent_at=NOW
    )
    Custody.objects.filter(pk=sent.pk).update(accepted_at=LATER)
    assert_refused(f"DELETE FROM inbox_custody WHERE id = {sent.pk}")
    with open_history():
        Custody.objects.filter(pk=sent.pk).update(accepted_at=None, written_at=timezone.now() - TWO_MINUTES)
    assert_refused(f"DELETE FROM inbox_custody WHERE id = {sent.pk}")
    with open_history():
        Custody.objects.filter(pk=sent.pk).update(written_at=timezone.now())
    assert run(f"DELETE FROM inbox_custody WHERE id = {sent.pk}") == 1


def test_the_application_takes_no_hand_over_back_without_the_event_that_says_so(message):
    case = message.case
    Custody.objects.update(left_at=NOW)
    billing = DepartmentFactory(slug="billing")
    Custody.objects.create(case=case, department=billing, from_department=case.department, sent_at=NOW)
    run("CREATE ROLE horseshoe_taker_back")
    run(
        "GRANT SELECT, DELETE ON inbox_custody, inbox_caseevent, accounts_department, inbox_case"
        " TO horseshoe_taker_back"
    )
    run("GRANT INSERT ON reports_changedcase TO horseshoe_taker_back")
    run("GRANT USAGE ON SEQUENCE reports_changedcase_id_seq TO horseshoe_taker_back")
    with transaction.atomic():
        run("SET LOCAL ROLE horseshoe_taker_back")
        assert_refused("DELETE FROM inbox_custody WHERE left_at IS NULL")
        run("RESET ROLE")
    CaseEvent.objects.create(case=case, at=LATER, verb=Verb.TAKEN_BACK)
    with transaction.atomic():
        run("SET LOCAL ROLE horseshoe_taker_back")
        assert run("DELETE FROM inbox_custody WHERE left_at IS NULL") == 1
        run("RESET ROLE")


def test_a_decision_becomes_the_routers_once_and_before_it_has_been_looked_at(message):
    billing = DepartmentFactory(slug="billing")
    assert_refused("UPDATE inbox_decision SET version = 2")
    learned = {"decided_by": "learned", "department": billing, "reasons": ["Refund."]}
    Decision.objects.update(**learned)
    assert_refused("UPDATE inbox_decision SET reasons = '[]'")
    Decision.objects.update(weighed_at=LATER)
    assert_refused("UPDATE inbox_decision SET weighed_at = NULL")
