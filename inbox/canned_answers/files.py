"""Canned answers as a CSV file: a row for each text, and rows with the same shortcut and place are one answer."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import User
from inbox.canned_answers.editing import (
    LONGEST_TITLE,
    TypedAnswer,
    TypedText,
    clean_shortcut,
    find_problems,
    save_answer,
)
from inbox.canned_answers.rights import CannedPlace, editable_places, place_of
from inbox.changes.refusals import Invalid
from inbox.models import CannedAnswer
from networks.registry import CONNECTORS, network_label
from routing.files.csv import CsvTable
from routing.rule_editor.choices import LANGUAGES
from wording.spreadsheets import escape_formula

COLUMNS = ("title", "shortcut", "for", "language", "network", "text")
#: Bytes of a file, and its rows.
LARGEST_FILE, MOST_ROWS = 5_000_000, 5_000
#: Problems that are listed.
_MOST_PROBLEMS = 20


@dataclass(slots=True)
class Imported:
    """Report on a file: numbers of canned answers, or the problems for which nothing was imported."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[str] = field(default_factory=list)
    more_problems: int = 0


class _Line:
    """A file that holds only the line written last."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def write_csv(answers: Iterable[CannedAnswer]) -> Iterator[str]:
    """Yield the lines of the file, the header first. It can be imported again as it is."""
    line = _Line()
    writer = csv.writer(line)
    # A mark that tells spreadsheets that the file is in UTF-8.
    writer.writerow(COLUMNS)
    yield "\ufeff" + line.text
    for answer in answers:
        for each in sorted(answer.texts.all(), key=lambda text: (text.language, text.network)):
            cells = (
                answer.title,
                answer.shortcut,
                place_of(answer).key,
                each.language,
                each.network,
                each.text,
            )
            writer.writerow(map(escape_formula, cells))
            yield line.text


def import_csv(data: bytes, by: User, now: dt.datetime) -> Imported:
    """Add and change canned answers as a file says; those that it does not name stay as they are.

    All or nothing: with one problem nothing is imported. Raises `BadTable` for what is no such file.
    """
    table = CsvTable(data)
    table.require_columns("shortcut", "language", "text")
    places = {place.key: place for place in editable_places(by)}
    answers, problems = _read_answers(table, places)
    imported = Imported()
    try:
        with transaction.atomic():
            for (place_key, shortcut), (number, typed) in answers.items():
                wrong = find_problems(typed)
                problems += [f"Line {number} (;{shortcut}): {problem}" for problem in wrong]
                if not wrong:
                    _import_answer(typed, places[place_key], by, now, imported)
            if problems:
                raise Invalid(problems[0])
    except Invalid as error:
        problems = problems or [str(error)]
        return Imported(
            problems=problems[:_MOST_PROBLEMS], more_problems=max(len(problems) - _MOST_PROBLEMS, 0)
        )
    return imported


_Typed = dict[tuple[str, str], tuple[int, TypedAnswer]]


def _read_answers(table: CsvTable, places: dict[str, CannedPlace]) -> tuple[_Typed, list[str]]:
    """Return the canned answers of a file.

    With the lines on which they begin, and with what is wrong with its rows.
    """
    answers: _Typed = {}
    problems: list[str] = []
    for count, line in enumerate(table):
        if count >= MOST_ROWS:
            problems.append(f"It has more than {MOST_ROWS:,} rows. Import it in parts.")
            break
        cells = {name: _unescape(line.row.get(name, "")).strip() for name in COLUMNS}
        place = places.get(_read_place(cells["for"], places))
        wrong = _describe_wrong_row(cells, place)
        if wrong or place is None:
            problems.append(f"Line {line.number}: {wrong}")
            continue
        shortcut = clean_shortcut(cells["shortcut"])
        text = TypedText(cells["language"].lower(), cells["network"].lower(), cells["text"])
        number, typed = answers.get((place.key, shortcut), (line.number, None))
        title = typed.title if typed else (cells["title"] or shortcut)[:LONGEST_TITLE]
        texts = [*(typed.texts if typed else ()), text]
        answers[place.key, shortcut] = (number, TypedAnswer(title, shortcut, place, texts))
    return answers, problems


def _unescape(cell: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from reading a formula."""
    return cell[1:] if cell.startswith("'") and escape_formula(cell[1:]) == cell else cell


def _read_place(text: str, places: dict[str, CannedPlace]) -> str:
    """Return the key of a place; its name and a department without "department:" are understood, too."""
    wanted = text.casefold() or "me"
    alike = (
        place.key
        for place in places.values()
        if wanted in (place.key, place.key.removeprefix("department:"), place.label.casefold())
    )
    return next(alike, "")


def _describe_wrong_row(cells: dict[str, str], place: CannedPlace | None) -> str:
    if place is None:
        return f"You cannot keep canned answers for “{cells['for'][:60]}”."
    if cells["language"].lower() not in LANGUAGES:
        return f"“{cells['language'][:20]}” is no language: write its code, for example en or de."
    if cells["network"] and cells["network"].lower() not in CONNECTORS:
        offered = ", ".join(f"{key} ({network_label(key)})" for key in CONNECTORS)
        return f"“{cells['network'][:20]}” is no network: write {offered}, or leave the cell empty for all."
    return "" if cells["text"] else "The text is empty."


def _import_answer(
    typed: TypedAnswer, place: CannedPlace, by: User, now: dt.datetime, imported: Imported
) -> None:
    same = CannedAnswer.objects.filter(
        scope=place.scope, department=place.department, shortcut=typed.shortcut, archived_at__isnull=True
    )
    answer = same.filter(owner=by if place.key == "me" else None).first()
    if answer is None:
        save_answer(None, typed, by, now)
        imported.added += 1
    elif _is_same(answer, typed):
        imported.unchanged += 1
    else:
        save_answer(answer, typed, by, now, seen_version=answer.version)
        imported.changed += 1


def _is_same(answer: CannedAnswer, typed: TypedAnswer) -> bool:
    stored = {(each.language, each.network): each.text for each in answer.texts.all()}
    new = {(each.language, each.network): each.text for each in typed.texts}
    return answer.title == typed.title and stored == new
