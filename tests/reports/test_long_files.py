"""Files that take long: a page with the progress, a worker that may die, a notice, and one person who may fetch them."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.models import Case, Notice, NoticeKind
from inbox.retention.erasing import erase_customer
from reports.exports import csv_files, long_files, long_writing
from reports.exports.long_writing import LEASE, Overtaken, write_next_file
from reports.models import ExportFile, ExportPart, ExportState
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.retention.conftest import owning_nothing
from tests.reports.test_exports import rows_of

__all__ = ["owning_nothing"]

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
QUERY = {"of": "created", "period": "last-2-weeks"}
ROWS = 12


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Lists with more than three rows are long, and every row is a part."""
    monkeypatch.setattr(long_files, "LONG_FROM", 3)
    monkeypatch.setattr(csv_files, "_PART", 1)
    monkeypatch.setattr(long_writing, "PART_BYTES", 1)
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def clock(_small):
    return _small


@pytest.fixture
def billing():
    billing = DepartmentFactory(name="Billing")
    for n in range(ROWS):
        preview = "=1+1" if n == 5 else f"Hello {n}"
        case = CaseFactory(department=billing, created_at=NOW - n * HOUR, preview=preview)
        MessageFactory(case=case, network_time=NOW - n * HOUR)
    return billing


@pytest.fixture
def manager(billing):
    return UserFactory(role=Role.MANAGER, departments=[billing])


def ask(user, **more):
    answer = signed_in(user).get(reverse("reports:cases_csv"), QUERY | more)
    assert answer.status_code == 302
    return answer["Location"]


def page(user, address):
    return " ".join(signed_in(user).get(address).content.decode().split())


def download(user, address):
    return signed_in(user).get(f"{address}cases.csv")


def die_at_part(monkeypatch, number):
    """Let the worker be killed when it stores this part."""
    store = long_writing._store_part

    def stored(file_id, at, content):
        if at == number:
            raise SystemExit
        store(file_id, at, content)

    monkeypatch.setattr(long_writing, "_store_part", stored)


def test_a_long_list_is_written_while_its_owner_may_leave(manager, monkeypatch):
    address = ask(manager)
    assert ask(manager, after="1_2_3") == address, "the same list asked for twice is one file"
    assert ask(manager, period="last-3-weeks") != address
    ExportFile.objects.exclude(pk=address.split("/")[-2]).delete()
    assert "Waiting for a worker" in page(manager, address)
    die_at_part(monkeypatch, 8)
    with pytest.raises(SystemExit):
        write_next_file()
    shown = page(manager, address)
    assert f"Writing {ROWS} rows… 66%" in shown and "You can leave; the file waits in Notices." in shown
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in shown
    part = signed_in(manager).get(address, headers={"hx-request": "true"}).content.decode()
    assert part.lstrip().startswith("<section") and 'hx-trigger="every 2s"' in part
    assert download(manager, address)["Location"] == address, "half a file is not given out"


def test_a_killed_worker_leaves_a_file_that_is_begun_anew(manager, monkeypatch, clock):
    address = ask(manager)
    with monkeypatch.context() as killing:
        die_at_part(killing, 4)
        with pytest.raises(SystemExit):
            write_next_file()
    assert not write_next_file(), "the lease still holds"
    clock.shift(LEASE + HOUR)
    assert write_next_file() and not write_next_file()
    file = ExportFile.objects.get()
    assert (file.state, file.rows, file.attempt, file.percent) == (ExportState.READY, ROWS, 2, 100)
    answer = download(manager, address)
    header, *rows = rows_of(answer)
    assert header[:3] == ["Case", "Customer", "Last message"]
    assert [row[2] for row in rows] == ["'=1+1" if n == 5 else f"Hello {n}" for n in range(ROWS)]
    assert answer["Content-Length"] == str(file.size)
    assert "no-store" in answer["Cache-Control"] and file.file_name in answer["Content-Disposition"]


def test_a_worker_that_was_overtaken_stops(manager):
    ask(manager)
    slow = long_writing._claim(timezone.now())
    ExportFile.objects.update(lease_until=NOW - HOUR)
    assert write_next_file()
    before = list(ExportPart.objects.values_list("pk", flat=True))
    with pytest.raises(Overtaken):
        long_writing._write(slow)
    assert list(ExportPart.objects.values_list("pk", flat=True)) == before
    assert Notice.objects.count() == 1


def test_its_owner_gets_one_notice_that_leads_to_it(manager, owning_nothing):
    address = ask(manager)
    write_next_file()
    notice = Notice.objects.get(user=manager, kind=NoticeKind.FILE)
    assert notice.text == f"Your file is ready: {ROWS} rows, until 25 November. “New cases”"
    client = signed_in(manager)
    assert notice.text in client.get(reverse("inbox:notices")).content.decode()
    assert client.post(reverse("inbox:notice_open", args=[notice.pk]))["Location"] == address
    assert "Save the CSV" in page(manager, address)
    assert len(rows_of(download(manager, address))) == ROWS + 1


def test_a_file_that_keeps_failing_is_given_up(manager, monkeypatch):
    address = ask(manager)

    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(long_writing, "export_rows_outside", fail)
    for _ in range(long_writing.MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            write_next_file()
    assert write_next_file() and not write_next_file()
    assert "The file could not be written" in page(manager, address)
    assert "could not be written" in Notice.objects.get().text


def test_nobody_else_can_open_fetch_or_cancel_it(manager, billing):
    address = ask(manager)
    write_next_file()
    for other in (
        UserFactory(role=Role.ADMINISTRATOR),
        UserFactory(role=Role.MANAGER, departments=[billing]),
        UserFactory(role=Role.AGENT, departments=[billing]),
    ):
        client = signed_in(other)
        assert client.get(address).status_code == 404
        assert client.get(f"{address}cases.csv").status_code == 404
        assert client.post(f"{address}cancel/").status_code == 404


def test_rights_are_checked_again_when_it_is_fetched(manager, billing):
    address = ask(manager)
    write_next_file()
    manager.departments.set([DepartmentFactory(name="Service")])
    assert download(manager, address)["Location"] == address
    shown = page(manager, address)
    assert "What you may see has changed" in shown and "Export again" in shown
    manager.departments.set([billing])
    assert len(rows_of(download(manager, address))) == ROWS + 1
    manager.role = Role.AGENT
    manager.save()
    assert download(manager, address).status_code == 404


def test_it_holds_what_its_owner_may_see_when_it_is_written(manager):
    address = ask(manager)
    manager.role = Role.AGENT
    manager.save()
    write_next_file()
    assert ExportFile.objects.get().state == ExportState.FAILED
    assert not ExportPart.objects.exists()
    assert signed_in(manager).get(address).status_code == 404


def test_a_file_can_be_cancelled_while_it_is_written(manager):
    address = ask(manager)
    file = long_writing._claim(timezone.now())
    assert signed_in(manager).post(f"{address}cancel/")["Location"] == address
    with pytest.raises(Overtaken):
        long_writing._write(file)
    assert "Cancelled" in page(manager, address)
    assert not ExportPart.objects.exists() and not Notice.objects.exists() and not write_next_file()
    assert ask(manager) != address


def test_it_is_deleted_after_seven_days(manager, clock):
    address = ask(manager)
    write_next_file()
    clock.shift(dt.timedelta(days=7))
    assert download(manager, address)["Location"] == address, "also before the worker has deleted it"
    write_next_file()
    assert not ExportPart.objects.exists()
    assert "Files are kept for 7 days." in page(manager, address)
    clock.shift(dt.timedelta(days=100))
    write_next_file()
    assert signed_in(manager).get(address).status_code == 404


def test_erasing_a_customer_deletes_files_and_begins_unfinished_ones_anew(manager, monkeypatch):
    address = ask(manager)
    write_next_file()
    other = ask(manager, period="last-3-weeks")
    with monkeypatch.context() as killing:
        die_at_part(killing, 4)
        with pytest.raises(SystemExit):
            write_next_file()
    erase_customer(
        Case.objects.get(preview="Hello 3").customer, by=UserFactory(role=Role.ADMINISTRATOR), now=NOW
    )
    assert not ExportPart.objects.exists()
    assert "The file was deleted" in page(manager, address)
    assert write_next_file()
    content = download(manager, other).getvalue().decode()
    assert "Hello 2" in content and "Hello 3" not in content


def test_a_file_that_was_written_across_an_erasing_is_not_given_out(manager):
    # The erasing was committed while rows were read that do not show it.
    address = ask(manager)
    write_next_file()
    erase_customer(Case.objects.first().customer, by=UserFactory(role=Role.ADMINISTRATOR), now=NOW)
    ExportFile.objects.update(state=ExportState.READY, expires_at=NOW + HOUR)
    assert download(manager, address)["Location"] == address
    write_next_file()
    assert ExportFile.objects.get().state == ExportState.DELETED


def test_one_person_has_five_unfinished_files_at_most(manager):
    periods = ["last-2-weeks", "last-3-weeks", "last-4-weeks", "last-5-weeks", "last-6-weeks", "last-7-weeks"]
    addresses = [ask(manager, period=period) for period in periods]
    assert len(set(addresses)) == 5 and addresses[5] == addresses[0]
