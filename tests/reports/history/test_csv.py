"""CSV with one message a row: rows of a conversation may be anywhere, and encodings and separators are as people have them."""

from __future__ import annotations

import pytest
from django.core.management import CommandError

from inbox.models import Case, Message
from reports.models import StagedRow
from tests.reports.history.files import counts, import_file

pytestmark = pytest.mark.django_db
HEADER = "thread;brand;id;author;role;at;text;in_reply_to"
ROWS = (
    "t1;fernhelp;a;tilda;customer;2026-03-02T09:00:00Z;Wo bleibt mein Päckchen?;",
    "t2;fernhelp;b;omar;customer;2026-03-02T09:01:00Z;\"Broken; \"\"again\"\"\";",
    "",
    "t1;;c;fernhelp;brand;2026-03-02T09:30:00Z;Unterwegs.;a",
)  # fmt: skip


def write_table(path, *rows, encoding="utf-8"):
    path.write_bytes("\r\n".join((HEADER, *rows)).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_rows_become_conversations(departments, tmp_path, encoding):
    path = write_table(tmp_path / "past.csv", *ROWS, encoding=encoding)
    assert counts(import_file(path)) == (2, 3, 0, 0)
    first = Case.objects.get(thread_id="t1")
    assert first.message_count == 2 and first.first_response_at is not None
    assert Message.objects.get(canonical_id="a").text == "Wo bleibt mein Päckchen?"
    assert Message.objects.get(canonical_id="b").text == 'Broken; "again"'
    assert not StagedRow.objects.exists()
    assert counts(import_file(path)) == (0, 0, 2, 0)


def test_wrong_rows_are_listed_by_their_line(departments, tmp_path):
    rows = (
        *ROWS,
        "t3;fernhelp;d;ann;customer;gestern;Hm;",
        "t4;fernhelp;e;ann;customer;2026-03-02T09:00:00Z;Hm;",
        "t4;another;f;ann;customer;2026-03-02T09:00:00Z;Hm;",
        ";fernhelp;g;ann;customer;2026-03-02T09:00:00Z;Hm;",
    )
    result = import_file(write_table(tmp_path / "past.csv", *rows))
    assert counts(result) == (2, 3, 0, 3)
    assert [(reject["line"], reject["reason"]) for reject in result["rejects"]] == [
        (6, "Line 6: the time is not written like 2026-03-29T14:05:00Z."),
        (7, "Line 8 names another brand than line 7."),
        (9, "“thread” is missing."),
    ]


def test_a_check_of_a_table_stores_nothing(departments, tmp_path):
    path = write_table(tmp_path / "past.csv", *ROWS)
    assert counts(import_file(path, "--dry-run")) == (2, 3, 0, 0)
    assert not Case.objects.exists() and not StagedRow.objects.exists()


def test_a_table_without_its_columns_is_refused(departments, tmp_path):
    path = tmp_path / "past.csv"
    path.write_text("thread,text\n1,Hm\n")
    with pytest.raises(CommandError, match="no column “id”"):
        import_file(path)
