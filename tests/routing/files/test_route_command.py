"""`manage.py route`: any CSV in, one decision a row out."""

from __future__ import annotations

import csv
import types
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from routing.classifier.router import Guess
from routing.files.labelled import read_csv_file as rows_of


def run(path, *arguments):
    out = StringIO()
    call_command("route", str(path), *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture()
def table(tmp_path):
    def write(content):
        path = tmp_path / "in.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_writes_a_decision_for_every_row_without_a_database(table, tmp_path):
    path = table('id,text\na1,"You charged me twice,\nrefund please"\na2,hello\n')
    said = run(path, "--starter", "--rules-only", "--out", str(tmp_path / "out.csv"))
    first, second = read(tmp_path / "out.csv")
    assert (first["id"], first["department"]) == ("a1", "billing")
    assert "charged me twice" in first["reasons"]
    assert (second["id"], second["department"]) == ("a2", "service")
    assert said.startswith("2 messages, ")


def test_rows_without_an_id_are_numbered(table, tmp_path):
    run(table("text\nhello\nbye\n"), "--starter", "--out", str(tmp_path / "out.csv"))
    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["1", "2"]


def test_it_prints_accuracy_and_macro_f1(table):
    path = table("text,label\nrefund,billing\nrefund,tech\nhello,service\n")
    said = run(path, "--starter", "--label-column", "label")
    assert "accuracy 0.667 macro-F1 0.556" in said


def test_it_uses_the_live_rules(table, tmp_path, company):
    run(table("text\nrefund\nhello\n"), "--out", str(tmp_path / "out.csv"))
    assert [row["department"] for row in read(tmp_path / "out.csv")] == ["billing", "service"]


def test_with_an_empty_database_the_starter_rules_decide(table, tmp_path, db):
    run(table("text\nYou charged me twice\n"), "--out", str(tmp_path / "out.csv"))
    assert [row["department"] for row in read(tmp_path / "out.csv")] == ["billing"]


def test_every_column_is_filled(table, tmp_path, company):
    path = table(
        'text,id\n"It is broken, I want a refund!!!",a1\nmerci beaucoup pour votre aide,a2\n'
        '"Thank you so much, great service!",a3\n'
    )
    run(path, "--out", str(tmp_path / "out.csv"))
    first, second, thanks = read(tmp_path / "out.csv")
    assert list(first) == [
        "id", "department", "confidence", "second", "sentiment", "language", "needs_answer", "reasons",
    ]  # fmt: skip
    assert (first["id"], first["department"], first["second"], first["sentiment"], first["needs_answer"]) == (
        "a1", "billing", "service", "negative", "yes",
    )  # fmt: skip
    assert 0 < float(second["confidence"]) < float(first["confidence"]) < 1
    assert (second["second"], second["language"]) == ("", "fr")
    assert "No rule matched" in second["reasons"]
    assert (thanks["sentiment"], thanks["needs_answer"]) == ("positive", "no")


def test_the_same_file_gives_the_same_answer(table, tmp_path, company):
    path = table("text\nrefund\nhello there my friend\n")
    run(path, "--out", str(tmp_path / "one.csv"))
    run(path, "--out", str(tmp_path / "two.csv"))
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


class Sure:
    """A router that thinks everything is legal's."""

    number = 7
    router = types.SimpleNamespace(
        guess=lambda text, votes: [Guess("legal", 0.8), Guess("service", 0.15), Guess("billing", 0.05)],
        reasons=lambda text, votes, department: ("lawyer",),
    )

    def may_decide_alone(self, best, votes):
        return votes.by_default


def test_the_best_guess_of_all_is_written_with_what_would_become_of_it(table, tmp_path, company, monkeypatch):
    monkeypatch.setattr("routing.management.commands.route.get_active_router", Sure)
    path = table("text\nmy lawyer says hello\na refund\n")
    said = run(path, "--out", str(tmp_path / "out.csv"))
    first, second = read(tmp_path / "out.csv")
    assert "learned router version 7" in said
    assert (first["department"], first["confidence"], first["second"]) == ("legal", "0.800", "service")
    assert first["reasons"].startswith("Learned from corrections (version 7): “lawyer” → legal")
    # A rule holds: the router only suggests, and its guess, which knows of the rule, is the answer all the same.
    assert (second["department"], second["confidence"]) == ("legal", "0.800")
    assert second["reasons"].startswith("Suggested by corrections (version 7): “lawyer” → legal")
    run(path, "--rules-only", "--out", str(tmp_path / "out.csv"))
    assert [row["department"] for row in read(tmp_path / "out.csv")] == ["service", "billing"]


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(table, tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        run(table("text\nx\n"), "--starter", "--out", str(tmp_path / "none" / "out.csv"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("words\nx\n", "has no column “text”"),
        ("message,id\nx,1\n", "has no column “text” in its first line, but “message”, “id”"),
        ("", "It is empty"),
        (b"PK\x03\x04\x14\x00text", "It is a ZIP archive"),
        ('text,label\na,b\n"no end,b\nc,d\n', "row that begins on line 3 is never closed"),
        ("text\nx\n", "has no column “label”"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(table, content, problem):
    with pytest.raises(CommandError, match=problem):
        run(table(content), "--starter", "--label-column", "label")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.csv", "--starter")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_are_read_as_spreadsheets_save_them(table, tmp_path, encoding, delimiter):
    rows = [
        ("Text ", "ID"),
        ('"Où est mon remboursement, s\'il vous plaît ?"', "a1"),
        ("I want a refund", "a2"),
    ]
    content = "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)
    run(table(content), "--starter", "--out", str(tmp_path / "out.csv"))
    found = read(tmp_path / "out.csv")
    assert [(row["id"], row["language"]) for row in found] == [("a1", "fr"), ("a2", "en")]
    assert found[1]["department"] == "billing"


def test_some_broken_bytes_do_not_make_the_rest_unreadable(table, tmp_path):
    content = "text\nOù est mon remboursement, s'il vous plaît ?\n".encode() + b"caf\xe9\n"
    assert list(rows_of(table(content), "text"))[0]["text"].startswith("Où est")


def test_the_file_that_is_read_is_not_written_over(table):
    path = table("text\nhello\n")
    with pytest.raises(CommandError, match="names the file that is read"):
        run(path, "--starter", "--out", str(path))
    assert path.read_text() == "text\nhello\n"


def test_odd_files_lose_no_row(table, tmp_path):
    rows = [
        b"refund,extra,cells",
        b"",
        b"\xff\xfe broken",
        b"nul \x00 here",
        b'"' + b"x" * 200_000 + b'"',
        "u2028 \u2028 line".encode(),
    ]
    run(
        table(b"\xef\xbb\xbftext\r\n" + b"\r\n".join(rows) + b"\r\n"),
        "--starter",
        "--out",
        str(tmp_path / "out.csv"),
    )
    assert len(read(tmp_path / "out.csv")) == 5


def test_no_cell_is_a_formula(table, tmp_path):
    run(table('id,text\n"=1+1",hello\n'), "--starter", "--out", str(tmp_path / "out.csv"))
    assert read(tmp_path / "out.csv")[0]["id"] == "'=1+1"
