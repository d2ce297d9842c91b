"""`manage.py route FILE.csv --out OUT.csv`: show the decisions for messages in a file, without changing
anything.
"""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from routing.files.csv import facts_of_row
from routing.files.labelled import UnusableFile, read_csv_file, score_labels
from routing.files.routed import RoutingAnswer, route_message
from routing.learning.active import get_active_router
from routing.models import RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules.engine import CompiledRules, compile_rules
from routing.rules.starter import starter_snapshot
from routing.rules.versions import live_rules
from wording.spreadsheets import escape_formula

OUTPUT_COLUMNS = (
    "id",
    "department",
    "confidence",
    "second",
    "sentiment",
    "language",
    "needs_answer",
    "reasons",
)


class Command(BaseCommand):
    help = (
        "Decides about every message of a CSV file (columns text and, if there, id, network, stream, brand_account, "
        "language, at) with the live rules and, where there is one, the learned router; writes id, department, "
        "confidence, second, sentiment, language, needs_answer, reasons. Without any rules it uses the starter rules."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--out", type=Path, help="Where to write; without it only the totals are shown.")
        parser.add_argument(
            "--rules-only", action="store_true", help="Use the rules alone, not the learned router."
        )
        parser.add_argument(
            "--starter", action="store_true", help="Use the starter rules alone; needs no database."
        )
        parser.add_argument(
            "--label-column", help="Column with the right department: prints how often it was met."
        )

    def handle(self, **options: Any) -> None:
        if options["out"] and options["out"].resolve() == options["file"].resolve():
            raise CommandError(
                "--out names the file that is read: choose another, or its messages would be gone."
            )
        rules = self._load_rules(options["starter"])
        active = None if options["starter"] or options["rules_only"] else get_active_router()
        label = options["label_column"]
        pairs: list[tuple[str, str]] = []

        def decided() -> Iterator[tuple[str, RoutingAnswer]]:
            for number, row in enumerate(_read_rows(options["file"], label), start=1):
                answer = route_message(facts_of_row(row), rules, active)
                if label:
                    pairs.append((row[label], answer.department))
                yield row.get("id") or str(number), answer

        counts = _write_answers(options["out"], decided())
        router = f", learned router version {active.number}" if active else ""
        self._print_report(counts, pairs, f"{len(rules.rules)} rules, version {rules.version}{router}")

    def _load_rules(self, starter: bool) -> CompiledRules:
        if starter:
            return compile_rules(starter_snapshot())
        try:
            if not RuleSetVersion.objects.exists():
                self.stderr.write("There are no rules yet: the starter rules decide.")
                return compile_rules(starter_snapshot())
            return live_rules()
        except RuleSetError as error:
            raise CommandError(str(error)) from error

    def _print_report(self, counts: Counter[str], pairs: list[tuple[str, str]], by: str) -> None:
        self.stdout.write(f"{counts.total()} messages, {by}")
        for department, count in counts.most_common():
            self.stdout.write(f"  {department:<12} {count}")
        if not pairs:
            return
        accuracy, macro, table = score_labels(pairs)
        self.stdout.write("department    right  named  found  precision  recall  f1")
        for name, right, named, correct, f1 in table:
            precision, recall = correct / named if named else 0.0, correct / right if right else 0.0
            self.stdout.write(
                f"  {name:<12}{right:5}{named:7}{correct:7}{precision:11.3f}{recall:8.3f}{f1:6.3f}"
            )
        self.stdout.write(f"accuracy {accuracy:.3f} macro-F1 {macro:.3f}")


def _read_rows(path: Path, label: str | None) -> Iterator[dict[str, str]]:
    try:
        yield from read_csv_file(path, "text", *([label] if label else []))
    except UnusableFile as error:
        raise CommandError(str(error)) from error


def _write_answers(path: Path | None, answers: Iterable[tuple[str, RoutingAnswer]]) -> Counter[str]:
    """Write the answers row by row and count them by department.

    They are never all in memory, so files may have any length.
    """
    counts: Counter[str] = Counter()
    if path is None:
        counts.update(answer.department for _, answer in answers)
        return counts
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(OUTPUT_COLUMNS)
            for name, answer in answers:
                counts[answer.department] += 1
                writer.writerow([escape_formula(cell) for cell in _answer_cells(name, answer)])
        part.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return counts


def _answer_cells(name: str, answer: RoutingAnswer) -> tuple[str, ...]:
    return (
        name, answer.department, f"{answer.confidence:.3f}", answer.second, answer.sentiment, answer.language,
        "yes" if answer.needs_answer else "no", answer.reasons,
    )  # fmt: skip
