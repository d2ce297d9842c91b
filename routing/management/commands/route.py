"""`manage.py route FILE.csv --out OUT.csv`: what the rules decide about messages in a file, without changing anything."""

from __future__ import annotations

import csv
import datetime as dt
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from routing.engine import CompiledRules, RuleSetError, compile_rules, decide
from routing.facts import Facts
from routing.labelled import Unusable, rows, score
from routing.reading import with_reading
from routing.rulesets import live
from routing.starter import starter_snapshot

#: Characters that make a spreadsheet read a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class Command(BaseCommand):
    help = (
        "Decides about every message of a CSV file (columns text and, if there, id, network, language) with the live "
        "rules, and writes id, department, reasons."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--out", type=Path, help="Where to write; without it only the totals are shown.")
        parser.add_argument("--rules-only", action="store_true", help="Use the rules alone.")
        parser.add_argument(
            "--starter", action="store_true", help="Use the starter rules; needs no database."
        )
        parser.add_argument(
            "--label-column", help="Column with the right department: prints how often it was met."
        )

    def handle(self, **options: Any) -> None:
        try:
            rules = compile_rules(starter_snapshot()) if options["starter"] else live()
        except RuleSetError as error:
            raise CommandError(str(error)) from error
        label = options["label_column"]
        pairs: list[tuple[str, str]] = []
        done: list[tuple[str, str, str]] = []
        for number, row in enumerate(_rows(options["file"], label), start=1):
            decision = decide(_facts(row), rules)
            done.append((row.get("id") or str(number), decision.department, " ".join(decision.reasons)))
            if label:
                pairs.append((row[label], decision.department))
        if options["out"]:
            _write(options["out"], done)
        self._report(done, pairs, rules)

    def _report(
        self, rows: list[tuple[str, str, str]], pairs: list[tuple[str, str]], rules: CompiledRules
    ) -> None:
        self.stdout.write(f"{len(rows)} messages, {len(rules.rules)} rules, version {rules.version}")
        for department, count in Counter(row[1] for row in rows).most_common():
            self.stdout.write(f"  {department:<12} {count}")
        if not pairs:
            return
        accuracy, macro, table = score(pairs)
        self.stdout.write("department    right  named  found  precision  recall  f1")
        for name, right, named, found, f1 in table:
            precision, recall = found / named if named else 0.0, found / right if right else 0.0
            self.stdout.write(
                f"  {name:<12}{right:5}{named:7}{found:7}{precision:11.3f}{recall:8.3f}{f1:6.3f}"
            )
        self.stdout.write(f"accuracy {accuracy:.3f} macro-F1 {macro:.3f}")


def _facts(row: dict[str, str]) -> Facts:
    return with_reading(
        Facts(
            text=row["text"],
            network=row.get("network") or "x",
            stream=row.get("stream") or "mentions",
            brand_account=row.get("brand_account") or "",
            at=dt.datetime.now(dt.UTC),
            language=row.get("language") or "",
        )
    )


def _rows(path: Path, label: str | None) -> Iterator[dict[str, str]]:
    try:
        yield from rows(path, "text", *([label] if label else []))
    except Unusable as error:
        raise CommandError(str(error)) from error


def _write(path: Path, rows: list[tuple[str, str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "department", "reasons"))
        for row in rows:
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
