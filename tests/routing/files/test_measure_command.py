"""`manage.py measure reading` and `measure rules`: labelled messages in, figures out."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


def measured(path, *arguments):
    out = StringIO()
    call_command("measure", "reading", str(path), *arguments, stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def table(tmp_path):
    def write(content):
        path = tmp_path / "in.csv"
        path.write_text(content, encoding="utf-8")
        return path

    return write


def test_it_says_how_often_the_tone_is_read_as_labelled(table):
    path = table("text,label\nI love it,positive\nThe worst service,negative\nIt opens at nine,negative\n")
    result = measured(path)
    assert (result["messages"], result["accuracy"], result["field"]) == (3, 0.6667, "sentiment")
    assert result["f1"] == {"negative": 0.6667, "positive": 1.0}
    assert result["us_per_message"] > 0


def test_other_fields_and_columns(table):
    path = table("text,asks,lang\nWo ist mein Paket,yes,de\nIhr seid die Besten,no,de\n")
    result = measured(path, "--field", "needs_answer", "--label-column", "asks")
    assert result["accuracy"] == 1


@pytest.mark.parametrize("column", ["language", "lang"])
def test_the_language_is_read_from_the_text_and_not_from_the_column_that_it_is_compared_with(table, column):
    path = table(f"text,{column}\nWo ist denn mein Paket geblieben,fr\nWhere did you leave my parcel,en\n")
    result = measured(path, "--field", "language", "--label-column", column)
    assert result["accuracy"] == 0.5


def test_an_empty_file_measures_nothing(table):
    assert measured(table("text,label\n"))["messages"] == 0


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "text\nhello\n"])
def test_a_file_without_the_columns_is_refused(table, content):
    with pytest.raises(CommandError, match="has no column"):
        measured(table(content))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        measured(tmp_path / "none.csv")


def test_the_starter_rules_are_measured_as_they_are_and_without_what_one_message_alone_holds(table):
    path = table(
        "text,label\nA vacancy?,hr\nWhere is it,service\nThat phishing again,legal\nMore phishing,legal\n"
    )
    out = StringIO()
    call_command("measure", "rules", str(path), stdout=out)
    result = json.loads(out.getvalue())
    assert (result["messages"], result["as_is"]["accuracy"], result["held_out"]["accuracy"]) == (4, 1.0, 0.75)
    assert result["held_out"]["f1"] == {"hr": 0.0, "legal": 1.0, "service": 0.667}


def test_a_file_of_other_columns_cannot_measure_the_rules(table):
    with pytest.raises(CommandError):
        call_command("measure", "rules", str(table("a,b\n1,2\n")), stdout=StringIO())
