"""Leave, rosters, acknowledged gaps and renewed tokens are in the audit log."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.store import replace_credential, store_credential
from accounts.models import AuditEntry, AuditVerb, Leave, Shift, Stream
from accounts.working_time.presence import local_date
from networks.base import Credentials
from tests.accounts.conftest import signed_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def office(administrator):
    return signed_in(administrator)


@pytest.fixture
def owned(brand_account, department):
    brand_account.owner_department = department
    brand_account.save()
    return brand_account


def the_entry(verb):
    return AuditEntry.objects.get(verb=verb)


class TestLeave:
    today = property(lambda self: local_date(timezone.now()))

    def plan(self, client, name, *arguments):
        first, last = self.today - DAY, self.today + 3 * DAY
        client.post(reverse(name, args=arguments), {"starts_on": str(first), "ends_on": str(last)})
        return Leave.objects.get()

    def test_planned_by_an_administrator_and_ended_early(self, office, cast, department):
        agent = cast["agent"]
        leave = self.plan(office, "accounts:leave_add", agent.pk)
        entry = the_entry(AuditVerb.LEAVE_PLANNED)
        assert (entry.about, entry.person_id) == (str(agent), agent.pk)
        assert entry.department_ids == [department.pk]
        (change,) = entry.changes
        assert (change["name"], change["from"]) == ("Leave", "")
        office.post(reverse("accounts:leave_remove", args=[leave.pk]))
        (ended,) = the_entry(AuditVerb.LEAVE_REMOVED).changes
        assert ended["from"] == change["to"]
        assert ended["to"].endswith(f"to {(self.today - DAY).day} {self.today - DAY:%b %Y}")
        office.post(reverse("accounts:leave_remove", args=[leave.pk]))
        assert AuditEntry.objects.filter(verb=AuditVerb.LEAVE_REMOVED).count() == 1

    def test_planned_and_cancelled_by_oneself(self, cast):
        agent = cast["agent"]
        leave = self.plan(signed_in(agent), "inbox:plan_leave")
        Leave.objects.update(starts_on=self.today + DAY)
        signed_in(agent).post(reverse("inbox:remove_leave", args=[leave.pk]))
        assert the_entry(AuditVerb.LEAVE_PLANNED).actor_id == agent.pk
        (change,) = the_entry(AuditVerb.LEAVE_REMOVED).changes
        assert change["to"] == ""


class TestRoster:
    def changes(self):
        entry = AuditEntry.objects.filter(verb=AuditVerb.ROSTER_CHANGED).latest("id")
        return {change["name"]: (change["from"], change["to"]) for change in entry.changes}

    def test_a_shift_from_its_beginning_to_its_end(self, office, owned, department):
        ada = UserFactory(first_name="Ada", last_name="Holm", departments=[department])
        ben = UserFactory(first_name="Ben", last_name="Reed", departments=[department])
        values = {
            "starts_at": "09:00",
            "ends_at": "17:00",
            "weekdays": ["0"],
            "primary": ada.pk,
            "valid_from": "2026-12-07",
        }
        office.post(reverse("accounts:shift_add", args=[owned.pk]), values)
        assert self.changes() == {"Monday 09:00–17:00 from 7 Dec 2026": ("", "Ada Holm")}
        shift = Shift.objects.get()
        office.post(reverse("accounts:shift_edit", args=[shift.pk]), values | {"backup": ben.pk})
        assert self.changes() == {
            "Monday 09:00–17:00 from 7 Dec 2026": ("Ada Holm", "Ada Holm, backup Ben Reed")
        }
        office.post(reverse("accounts:shift_edit", args=[shift.pk]), values | {"backup": ben.pk})
        office.post(reverse("accounts:shift_remove", args=[shift.pk]))
        assert self.changes() == {"Monday 09:00–17:00 from 7 Dec 2026": ("Ada Holm, backup Ben Reed", "")}
        entries = AuditEntry.objects.filter(verb=AuditVerb.ROSTER_CHANGED)
        assert {tuple(entry.department_ids) for entry in entries} == {(department.pk,)}
        assert [entry.about for entry in entries] == [str(owned)] * 3

    def test_promised_hours_and_the_time_zone(self, office, owned):
        values = {"time_zone": "Europe/Berlin", "day-0": "08:00-12:00, 13:00-18:00"}
        office.post(reverse("accounts:roster_hours", args=[owned.pk]), values)
        assert self.changes() == {
            "Time zone": ("UTC", "Europe/Berlin"),
            "Promised on Monday": ("", "08:00–12:00, 13:00–18:00"),
        }


def test_an_acknowledged_gap_once(office, owned, department):
    gap = dt.datetime(2026, 11, 18, 9, 0, tzinfo=dt.UTC)
    Stream.objects.update(overflowed_at=gap)
    stream = owned.streams.get()
    address = reverse("accounts:gap_settle", args=[owned.pk, stream.kind])
    for _ in range(2):
        office.post(address, {"gap": gap.isoformat()})
    entry = the_entry(AuditVerb.GAP_SETTLED)
    assert entry.about.startswith(f"{owned}, ")
    assert entry.changes == [{"name": "Gap noticed", "from": "", "to": "18 November 2026, 09:00:00 UTC"}]
    assert entry.department_ids == [department.pk]


def test_a_token_that_was_renewed_by_itself_without_the_token(owned):
    store_credential(owned, {"refresh_token": "old"}, now=timezone.now())
    used = Credentials(owned.network, owned.remote_id, {"refresh_token": "old"})
    assert replace_credential(owned, used, {"refresh_token": "fresh-secret"}, now=timezone.now())
    assert not replace_credential(owned, used, {"refresh_token": "stale"}, now=timezone.now())
    entry = the_entry(AuditVerb.TOKEN_RENEWED)
    assert (entry.actor_name, entry.about, entry.changes) == ("The server", str(owned), [])
