"""Deleting the texts of cases that were closed long ago: which, when, by whom, and what stays."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry, AuditVerb, Role
from inbox.decisions.replay import ReplayCounts, replay_decisions
from inbox.decisions.reread import reread_messages
from inbox.models import (
    MERGED_PREFIX,
    Case,
    CaseEvent,
    Custody,
    Message,
    Quarantined,
    RetentionRun,
    RetentionSetting,
)
from inbox.retention import deleting
from inbox.tasks import delete_old_texts
from postgres.history import open_history
from reports.filters import NO_FILTERS
from reports.measures.attainment import sla_attainment
from reports.measures.exchanges import response_cohorts
from reports.measures.first_responses import first_response_times
from reports.measures.hand_overs import hand_over_pairs
from reports.measures.volume import case_volume
from reports.periods import last_weeks
from tests.factories import CaseFactory, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.retention.conftest import (
    DAY,
    ROLE,
    SECRET,
    closed_case,
    keep_for,
    tables_with,
    talkative_case,
)

pytestmark = pytest.mark.django_db


def with_texts():
    return set(Case.objects.filter(messages__text__gt="").values_list("pk", flat=True))


def test_nothing_is_deleted_unless_somebody_set_it():
    closed_case(days_ago=3_000)
    delete_old_texts()
    assert with_texts() and not RetentionRun.objects.exists()


def test_whatever_people_wrote_goes_and_every_row_of_the_case_stays(owning_nothing):
    connection.cursor().execute("RESET ROLE")
    case, reply = talkative_case()
    keep_for(90)
    tables = set(tables_with(SECRET))
    assert {
        "inbox_message",
        "inbox_caseevent",
        "inbox_custody",
        "inbox_decision",
        "inbox_quarantined",
    } <= tables
    connection.cursor().execute(f"SET ROLE {ROLE}")

    delete_old_texts()

    assert tables_with(SECRET) == []
    event = CaseEvent.objects.get(verb="handed_over")
    assert event.data == {
        "from": "Service",
        "to": "Billing",
        "clocks": [{"clock": "resolution", "met": True}],
    }
    case.refresh_from_db()
    kept = case.messages.get()
    assert case.erased_at and kept.erased_at and kept.canonical_id and kept.decision.decided_by == "rule"
    assert case.replies.get().state == "failed" and Custody.objects.filter(case=case).count() == 1


def test_a_case_in_which_something_happened_since_keeps_its_texts():
    now = timezone.now()
    kept = {
        "open": CaseFactory(created_at=now - 200 * DAY),
        "closed later": closed_case(days_ago=80),
        "noted": closed_case(),
        "answered late": closed_case(),
        "found late": closed_case(),
        "written again": closed_case(),
        "answer on its way": closed_case(),
    }
    MessageFactory(case=kept["open"])
    CaseEvent.objects.create(
        case=kept["noted"], at=now - 3 * DAY, verb="noted", data={"text": "Called them."}
    )
    MessageFactory(case=kept["answered late"], outbound=True, received_at=now - 3 * DAY)
    MessageFactory(case=kept["found late"], network_time=now - 120 * DAY, received_at=now - 3 * DAY)
    MessageFactory(case=kept["written again"], network_time=now - 3 * DAY)
    parent = kept["answer on its way"].messages.get()
    ReplyFactory(parent=parent, state="unconfirmed", created_at=now - 200 * DAY)
    old = closed_case()
    keep_for(90)
    delete_old_texts()
    assert with_texts() == {case.pk for case in kept.values()}
    assert not Message.objects.get(case=old).text


def test_a_case_that_is_changed_later_is_looked_at_again():
    case = closed_case()
    keep_for(90)
    delete_old_texts()
    Case.objects.filter(pk=case.pk).update(version=2, status="open", closed_at=None)
    case.refresh_from_db()
    assert case.erased_at is None


class TestWhenASettingCounts:
    def test_a_shorter_time_counts_after_a_day(self):
        closed_case(days_ago=100)
        keep_for(90, since=DAY - dt.timedelta(minutes=1))
        delete_old_texts()
        assert with_texts()

    def test_a_longer_time_counts_at_once(self):
        closed_case(days_ago=100)
        keep_for(90, since=9 * DAY)
        keep_for(365, since=dt.timedelta())
        delete_old_texts()
        assert with_texts()

    def test_the_setting_before_counts_until_the_new_one_does(self):
        old, older = closed_case(days_ago=100), closed_case(days_ago=400)
        keep_for(365, since=9 * DAY)
        keep_for(90, since=dt.timedelta())
        delete_old_texts()
        assert with_texts() == {old.pk}
        assert not Message.objects.get(case=older).text

    def test_a_time_set_for_less_than_a_day_never_counts(self):
        closed_case(days_ago=100)
        keep_for(30, since=DAY + dt.timedelta(hours=1))
        keep_for(None, since=dt.timedelta(hours=2))
        delete_old_texts()
        assert with_texts()

    @pytest.mark.parametrize("days", [0, 29, 3_651])
    def test_hasty_times_are_refused_by_the_database(self, days):
        with pytest.raises(DatabaseError), transaction.atomic():
            keep_for(days)


class TestTheRoleOfTheApplication:
    """What a statement could do that reaches the database through the application."""

    def refused(self, statement):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(statement)

    def test_it_cannot_choose_what_is_deleted(self, owning_nothing):
        self.refused("SELECT inbox_erase_texts(ARRAY(SELECT id FROM inbox_case))")

    def test_it_cannot_change_a_setting_or_set_one_back(self, owning_nothing):
        keeper = UserFactory()
        setting = RetentionSetting.objects.create(days=90, set_by=keeper, set_at=timezone.now() - 9 * DAY)
        setting.refresh_from_db()
        assert timezone.now() - setting.set_at < dt.timedelta(minutes=1)
        self.refused("UPDATE inbox_retentionsetting SET set_at = set_at - interval '2 days'")
        self.refused("DELETE FROM inbox_retentionsetting")


class TestRounds:
    @pytest.fixture
    def one_by_one(self, monkeypatch):
        monkeypatch.setattr(deleting, "MOST_CASES", 1)

    def test_a_round_that_was_interrupted_goes_on_where_it_was(self, one_by_one):
        for _ in range(3):
            closed_case()
        keep_for(90)
        now = timezone.now()
        assert deleting.delete_batch(now)
        assert len(with_texts()) == 2
        delete_old_texts()
        delete_old_texts()
        run = RetentionRun.objects.get()
        assert (run.cases, run.messages, with_texts()) == (3, 3, set())
        assert run.finished_at

    def test_a_batch_that_fails_leaves_nothing_half_deleted(self, one_by_one, monkeypatch):
        closed_case()
        keep_for(90)

        def stop(_):
            raise RuntimeError

        monkeypatch.setattr(deleting, "_delete_leftovers", stop)
        with pytest.raises(RuntimeError):
            deleting.delete_batch(timezone.now())
        assert with_texts() and not RetentionRun.objects.exists()

    def test_a_batch_ends_with_its_messages(self, monkeypatch):
        monkeypatch.setattr(deleting, "MOST_MESSAGES", 5)
        for days_ago in (103, 102, 101):
            closed_case(days_ago, message_count=3)
        keep_for(90)
        deleting.delete_batch(timezone.now())
        assert RetentionRun.objects.get().cases == 1

    def test_each_round_is_one_entry_of_the_audit_log(self):
        keep_for(90)
        for days_ago in (100, 110):
            closed_case(days_ago)
        now = timezone.now()
        for _ in range(3):
            deleting.delete_old_texts(now)
        closed_case()
        deleting.delete_old_texts(now + dt.timedelta(hours=2))
        entry = AuditEntry.objects.get(verb=AuditVerb.HISTORY_DELETED)
        assert entry.about.startswith("2 messages in 2 cases, from before ")
        assert entry.actor_name == "The server"
        deleting.delete_old_texts(now + DAY)
        assert AuditEntry.objects.filter(verb=AuditVerb.HISTORY_DELETED).count() == 2

    def test_old_items_in_quarantine_go_though_no_case_is_due(self):
        talkative_case(days_ago=100)
        Case.objects.update(status="open", closed_at=None)
        keep_for(90)
        delete_old_texts()
        assert not Quarantined.objects.exists()
        assert "1 item in quarantine" in AuditEntry.objects.get(verb=AuditVerb.HISTORY_DELETED).about


def test_no_number_of_a_report_changes():
    now = timezone.now()
    case, _ = talkative_case()
    manager = UserFactory(role=Role.MANAGER, departments=[case.department])
    MessageFactory(case=case, outbound=True, network_time=case.created_at + dt.timedelta(hours=1))
    closed_case(department=case.department)
    for reason in (
        "Noise",
        "Noise, says the rule “Bots”",
        "Noise (rule “Bots”)",
        f"{MERGED_PREFIX}{case.pk}",
        "Called them",
    ):
        dismissed = closed_case(department=case.department)
        Case.objects.filter(pk=dismissed.pk).update(status="dismissed", close_reason=reason)
    period = last_weeks(20, now=now, zone=ZoneInfo("UTC"))

    def numbers():
        return (
            response_cohorts(manager, period, NO_FILTERS, promised=DAY, now=now),
            first_response_times(manager, period, NO_FILTERS, now=now),
            case_volume(manager, period, NO_FILTERS, now=now),
            hand_over_pairs(manager, period, NO_FILTERS, now=now),
            sla_attainment(manager, period, NO_FILTERS, now=now),
        )

    before = numbers()
    assert before[2].total == 3 and any(clock.met for clock in before[4])
    keep_for(90)
    delete_old_texts()
    assert Message.objects.exclude(text="").count() == 0
    assert numbers() == before


class TestWhatComesAgain:
    def test_a_deleted_text_does_not_come_back_with_an_edit_or_a_look(self, feed):
        feed.store(message("1", "My name is Heliotrope"))
        long_ago = timezone.now() - 100 * DAY
        case = Case.objects.get()
        Case.objects.update(status="resolved", closed_at=long_ago, created_at=long_ago)
        Message.objects.update(received_at=long_ago, network_time=long_ago)
        with open_history():
            CaseEvent.objects.update(at=long_ago)
        keep_for(90)
        delete_old_texts()
        identity = case.identity
        identity.refresh_from_db()
        assert (identity.name, identity.handle) == ("", "")

        feed.store(message("1", "My name is Heliotrope"))
        feed.store(message("1", "My name is Heliotrope, really", edited_at=timezone.now()))
        assert tables_with("Heliotrope") == []
        identity.refresh_from_db()
        assert (identity.name, identity.handle) == ("", "")

        feed.store(message("2", "It is me again"))
        identity.refresh_from_db()
        assert identity.handle == "user1001"
        assert Message.objects.get(canonical_id="2").text == "It is me again"

    def test_a_deleted_text_is_not_read_or_decided_again(self):
        case, _ = talkative_case()
        keep_for(90)
        delete_old_texts()
        Message.objects.update(language="de", sentiment="negative")
        assert [progress.total for progress in reread_messages(None)] == [0]
        counts = ReplayCounts()
        assert list(replay_decisions(None, counts)) == []
        assert counts.without_trace == 1
        assert case.messages.get().sentiment == "negative"
