"""The pages of imports: upload, check, import, stop, undo; and the workers behind them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, BrandAccount, Role
from config.demo.past.filling import DIGEST
from inbox.models import Case, Customer, Decision, Identity, Message
from reports.history import runs, working
from reports.history.sources import PART_BYTES, parts_opener
from reports.models import HistoryFilePart, HistoryImport, ImportReject, ImportState
from tests.factories import UserFactory
from tests.inbox.retention.conftest import owning_nothing
from tests.reports.history.files import answered, import_file, write_lines
from tests.signing_in import sign_in_records, signed_in

__all__ = ["owning_nothing"]
pytestmark = pytest.mark.django_db
PAGE = "/reports/history/"


@pytest.fixture
def browser(departments):
    user = UserFactory(role=Role.ADMINISTRATOR)
    return signed_in(user, **sign_in_records(user))


def upload(browser, *lines, name="past.jsonl", path=None, **fields):
    content = write_lines(path, *lines).read_bytes()
    sent = {"file": SimpleUploadedFile(name, content), "network": "x", "brand": "", "time_zone": ""}
    return browser.post(f"{PAGE}upload/", sent | fields)


def work():
    while working.work_on_imports(60):
        pass
    return HistoryImport.objects.get()


def test_a_file_is_checked_imported_and_undone(browser, file, departments):
    answer = upload(browser, answered("t1"), b"x", answered("t2", brand="other"), path=file)
    address = answer["Location"]
    assert (
        work().state == ImportState.CHECKED
        and not Case.objects.exists()
        and not BrandAccount.objects.exists()
    )
    page = browser.get(address).content.decode()
    assert "It would bring" in page and "The line is not JSON" in page
    rejects = b"".join(browser.get(f"{address}rejects.csv").streaming_content).decode()
    assert rejects.splitlines()[0] == "line,thread,reason" and rejects.splitlines()[1].startswith("2,,")

    browser.post(f"{address}start/")
    done = work()
    assert (done.state, done.conversations, done.messages, done.rejected) == (ImportState.DONE, 2, 4, 1)
    assert Case.objects.count() == 2 and not HistoryFilePart.objects.exists()
    assert "It has brought" in browser.get(address).content.decode()
    assert "past.jsonl" in browser.get(PAGE).content.decode()

    kept = Case.objects.get(thread_id="t2")
    Case.objects.filter(pk=kept.pk).update(version=2)
    assert browser.post(f"{address}undo/").status_code == 422
    browser.post(f"{address}undo/", {"agreed": "on"})
    undone = work()
    assert (undone.state, undone.conversations, undone.kept) == (ImportState.UNDONE, 1, 1)
    assert (
        list(Case.objects.all()) == [kept]
        and Message.objects.count() == 2
        and not ImportReject.objects.exists()
    )
    assert [account.handle for account in BrandAccount.objects.all()] == ["other"]
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {
        "reports.history-imported",
        "reports.history-undone",
    }


def test_after_an_undoing_nothing_is_left_and_the_same_file_can_come_again(browser, file):
    address = upload(browser, answered("t1"), path=file)["Location"]
    work()
    browser.post(f"{address}start/")
    work()
    browser.post(f"{address}undo/", {"agreed": "on"})
    work()
    assert not any(
        model.objects.exists() for model in (Case, Message, Decision, Customer, Identity, BrandAccount)
    )
    assert upload(browser, answered("t1"), path=file)["Location"] == address
    work()
    browser.post(f"{address}start/")
    assert work().conversations == 1


def test_a_check_that_found_nothing_offers_no_import_and_can_be_removed(browser, file, owning_nothing):
    address = upload(browser, b"x", b"{}", path=file)["Location"]
    checked = work()
    assert (checked.state, checked.conversations, checked.rejected) == (ImportState.CHECKED, 0, 2)
    page = browser.get(address).content.decode()
    assert "There is nothing to import." in page and ">Import<" not in page
    browser.post(f"{address}start/")
    assert HistoryImport.objects.get().state == ImportState.CHECKED, "not by a page of before, either"
    assert browser.post(f"{address}remove/")["Location"] == PAGE
    assert not HistoryImport.objects.exists() and not ImportReject.objects.exists()
    assert not HistoryFilePart.objects.exists()


def test_only_an_import_that_left_nothing_can_be_removed(browser, file):
    address = upload(browser, answered("t1"), path=file)["Location"]
    browser.post(f"{address}remove/")
    assert HistoryImport.objects.count() == 1, "while it is being checked"
    work()
    browser.post(f"{address}start/")
    work()
    assert "Undo the import first" in browser.post(f"{address}remove/", follow=True).content.decode()
    browser.post(f"{address}undo/", {"agreed": "on"})
    work()
    assert "Remove from the list" in browser.get(address).content.decode()
    browser.post(f"{address}remove/")
    assert not HistoryImport.objects.exists()


def test_undoing_works_for_the_role_that_may_not_delete_history(departments, file, owning_nothing):
    import_file(write_lines(file, answered("t1")))
    with (
        pytest.raises(IntegrityError, match="not being undone"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM reports_undo_import(%s, 10)", [HistoryImport.objects.get().pk])
    HistoryImport.objects.update(state=ImportState.UNDOING)
    assert work().state == ImportState.UNDONE and not Case.objects.exists()
    # What waits for the end of a transaction is checked here in the application's role, as it is when it commits.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_stopped_import_goes_on_where_it_stopped(browser, file, monkeypatch):
    monkeypatch.setattr(runs, "BATCH_LINES", 1)
    address = upload(browser, *(answered(f"t{n}") for n in range(3)), path=file)["Location"]
    work()
    browser.post(f"{address}start/")
    assert working.work_on_imports(-1)  # one batch
    browser.post(f"{address}stop/")
    assert not working.work_on_imports(60)
    assert (HistoryImport.objects.get().state, Case.objects.count()) == (ImportState.CANCELLED, 1)
    browser.post(f"{address}start/")
    assert (work().state, Case.objects.count()) == (ImportState.DONE, 3)


def test_a_check_that_was_stopped_leaves_no_progress(browser, file):
    address = upload(browser, answered("t1"), path=file)["Location"]
    HistoryImport.objects.update(offset=50, conversations=1)
    browser.post(f"{address}stop/")
    browser.post(f"{address}start/")
    assert (work().state, Case.objects.count()) == (ImportState.DONE, 1)


def test_a_worker_that_died_loses_its_lease(browser, file):
    upload(browser, answered("t1"), path=file)
    HistoryImport.objects.update(lease_until=timezone.now() + runs.LEASE)
    assert not working.work_on_imports(60)
    HistoryImport.objects.update(lease_until=timezone.now() - runs.LEASE)
    assert work().state == ImportState.CHECKED


def test_what_cannot_be_read_says_why(browser, file):
    answer = upload(browser, b"x", path=file, name="past.xlsx")
    assert answer.status_code == 422 and ".jsonl" in answer.content.decode()
    assert upload(browser, b"x", path=file, network="X!").status_code == 422
    address = upload(browser, b"a,b", path=file, name="past.csv")["Location"]
    assert work().state == ImportState.FAILED
    assert "no column" in browser.get(address).content.decode()


def test_an_uploaded_file_is_read_in_parts(departments):
    made = HistoryImport.objects.create(
        digest="d", network="x", state="checked", file_name="f", created_at=timezone.now()
    )
    content = bytes(range(256)) * (PART_BYTES // 256) + b"and more"
    for number, at in enumerate(range(0, len(content), PART_BYTES)):
        HistoryFilePart.objects.create(
            history_import=made, number=number, content=content[at : at + PART_BYTES]
        )
    with parts_opener(made.pk)() as file:
        assert file.read() == content
        file.seek(PART_BYTES - 2)
        assert file.read(5) == content[PART_BYTES - 2 : PART_BYTES + 3]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.COMMUNITY, Role.AGENT, Role.ANALYST])
def test_only_administrators_import(departments, role, file):
    user = UserFactory(role=role)
    browser = signed_in(user, **sign_in_records(user))
    import_file(write_lines(file, answered("t1")))
    pk = HistoryImport.objects.get().pk
    for path in ("", f"{pk}/", f"{pk}/undo/", f"{pk}/rejects.csv"):
        assert browser.get(PAGE + path).status_code == 404
    assert upload(browser, answered("t2"), path=file).status_code == 404
    assert "Past conversations" not in browser.get("/reports/").content.decode()
    assert Client().get(PAGE).status_code == 302


def test_the_past_of_a_demo_cannot_be_undone_and_shows_how_far_it_is(browser):
    HistoryImport.objects.create(
        digest=DIGEST, network="demo", state=ImportState.RUNNING, file_name="Eight weeks", file_size=4000, conversations=1000,
        created_at=timezone.now(),
    )  # fmt: skip
    page = browser.get("/reports/").content.decode()
    assert "1,000 of 4,000 conversations so far" in page and 'value="25"' in page
    HistoryImport.objects.update(state=ImportState.DONE)
    assert 'id="filling"' not in browser.get("/reports/").content.decode()
    assert "Undo" not in browser.get(f"{PAGE}{HistoryImport.objects.get().pk}/").content.decode()
