"""CSV files as programs write them: the right rows, or a refusal that names the line. No row is lost."""

from __future__ import annotations

import pytest

from routing.files.csv import BadTable, CsvTable


def rows_of(content):
    return [(line.row["text"], line.row["department"]) for line in CsvTable(content.encode())]


PLAIN = [("My kettle leaks", "tech"), ("Two invoices came", "billing")]
QUOTED_TEXTS = [
    ('"On its way" for nine days', "service"),
    ("Where is my order", "service"),
    ('the lid says "closed', "tech"),
    ('"Delivered", you wrote', "service"),
    ("nothing came", "billing"),
]


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\ntext;department\r\nMy kettle leaks;tech\r\nTwo invoices came;billing\r\n",
        '"sep=;"\ntext;department\nMy kettle leaks;tech\nTwo invoices came;billing\n',
        "SEP=|\ntext|department\nMy kettle leaks|tech\nTwo invoices came|billing\n",
        "sep=\t\ntext\tdepartment\nMy kettle leaks\ttech\nTwo invoices came\tbilling\n",
        "sep=\\t\ntext\tdepartment\nMy kettle leaks\ttech\nTwo invoices came\tbilling\n",
        "\ufeffsep=,\ntext,department\nMy kettle leaks,tech\nTwo invoices came,billing\n",
        "\r\n\r\ntext,department\r\nMy kettle leaks,tech\r\nTwo invoices came,billing\r\n",
        ";;\n  \ntext;department;\nMy kettle leaks;tech;\n\nTwo invoices came;billing;\n",
        "\nsep=;\n\ntext;department\nMy kettle leaks;tech\nTwo invoices came;billing\n",
        "text|department\nMy kettle leaks|tech\nTwo invoices came|billing",
        '"note, internal";text;department\n;My kettle leaks;tech\n;Two invoices came;billing\n',
    ],
)
def test_what_stands_before_the_header_is_no_header(content):
    assert rows_of(content) == PLAIN


def test_a_table_of_one_column_is_not_cut_at_the_letters_of_its_header():
    assert [line.row["text"] for line in CsvTable(b"text\nsep=;\nMy kettle leaks\n")] == [
        "sep=;",
        "My kettle leaks",
    ]


def test_tabs_with_quotation_marks_as_they_were_typed_lose_no_row():
    content = "text\tdepartment\r\n" + "".join(
        f"{text}\t{department}\r\n" for text, department in QUOTED_TEXTS
    )
    assert rows_of(content) == QUOTED_TEXTS


def test_tabs_with_a_quotation_mark_that_is_never_closed_lose_no_row():
    content = 'text\tdepartment\n"On its way, for nine days\tservice\nWhere is my order\tservice\n'
    assert rows_of(content) == [('"On its way, for nine days', "service"), ("Where is my order", "service")]


def test_a_mark_that_another_row_closes_by_chance_swallows_nothing():
    """Such a file is sound by the letter: the cell goes from the first mark to the one at the end of line 4."""
    lines = ['"On its way for nine days', "Where is my order", 'the box says "fragile"', "nothing came"]
    content = "text\tdepartment\n" + "".join(f"{text}\tservice\n" for text in lines)
    assert [text for text, _ in rows_of(content)] == lines


@pytest.mark.parametrize("separator", [",", ";"])
def test_where_only_a_person_can_decide_the_line_is_named(separator):
    lines = [
        "text,department",
        "Good day,tech",
        '"On its way for days,service',
        'a broken "lid",tech',
        "Hello,tech",
    ]
    content = "\n".join(lines).replace(",", separator)
    with pytest.raises(
        BadTable, match="A cell on line 3 begins with a quotation mark.* would reach to line 4"
    ):
        rows_of(content)
    chance = content.replace('a broken "lid"', 'a broken lid"')
    with pytest.raises(
        BadTable, match="A cell on line 3 begins with a quotation mark.* would reach to line 4"
    ):
        rows_of(chance)


def test_numbers_beside_a_text_at_the_end_betray_rows_too():
    content = 'id,text\n1,"On its way\n2,still not here"\n3,hello\n'
    with pytest.raises(BadTable, match="line 2"):
        list(CsvTable(content.encode()))


def test_a_mark_within_one_line_costs_nothing():
    content = 'text,department\n"On its way" is all you say,service\n"He said "no" to me","tech"\n'
    assert rows_of(content) == [('"On its way" is all you say', "service"), ('He said "no" to me', "tech")]
    assert [line.row["text"] for line in CsvTable(b'text\n"Closed" it says, again\nbye\n')] == [
        '"Closed" it says, again',
        "bye",
    ]


def test_marks_inside_a_cell_are_inches_and_seconds():
    assert rows_of('text,department\nthe 9" pot has a 3\'10" cord,tech\n') == [
        ('the 9" pot has a 3\'10" cord', "tech")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Good day,\nthe lid is broken",
        "Good day, you\nthe lid, it is broken",
        'He said "no",\r\nand hung up, twice',
        "one\n\n\nfour, five",
        "tab\tand\nline, both",
    ],
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_well_quoted_texts_over_several_lines_are_one_cell(text, separator):
    quoted = '"' + text.replace('"', '""') + '"'
    assert rows_of(f"text{separator}department\n{quoted}{separator}tech\nbye{separator}tech\n") == [
        (text, "tech"),
        ("bye", "tech"),
    ]


def test_a_well_quoted_text_between_tabs_may_have_lines():
    assert rows_of('text\tdepartment\n"Good day,\n""the lid"" is broken"\ttech\n') == [
        ('Good day,\n"the lid" is broken', "tech")
    ]


def test_a_row_knows_its_line():
    content = b'\nsep=;\ntext;department\n"a\nb";tech\n\nc;tech\n'
    assert [line.number for line in CsvTable(content)] == [5, 7]


def test_a_header_with_a_broken_mark_is_named():
    with pytest.raises(BadTable, match="line 1"):
        CsvTable(b'"te"xt,department\na,b\n')


def test_a_mark_that_is_never_closed_ends_after_some_thousand_lines(monkeypatch):
    monkeypatch.setattr("routing.files.rows._MAX_LINES_PER_ROW", 50)
    with pytest.raises(BadTable, match="row that begins on line 2 is never closed"):
        list(CsvTable(b'text,department\n"never,tech\n' + b"x,tech\n" * 100))
