"""`manage.py measure SUBJECT FILE.csv`: measure a judging part of the product on labelled messages."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from routing.classifier.hints import rule_phrases
from routing.classifier.measuring import LabelledMessage, measure_learning_curve
from routing.classifier.training_data import Example
from routing.conditions.word_lists import inline_word_lists
from routing.files.examples import UnreadableFile, read_labelled_rows
from routing.files.labelled import UnusableFile, read_csv_file, score_labels
from routing.files.reading_score import MEASURED_FIELDS, measure_readings
from routing.learning import held_out
from routing.learning.example_facts import facts_of_text
from routing.learning.votes import held_out_votes
from routing.rules.engine import compile_rules, decide
from routing.rules.starter import starter_snapshot


class Command(BaseCommand):
    help = "Measures on labelled messages and prints one JSON object. Needs no database and changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True)
        routing = subjects.add_parser(
            "routing",
            help="The learned router beside the starter rules, by number of corrections, both as they would do on messages "
            "that the rules' authors never saw: FILE has text, label and, if there, source.",
        )
        routing.add_argument("file", type=Path)
        routing.add_argument(
            "--corrections", default="50,200,1000,3000", help="Numbers of corrections, with commas."
        )
        routing.add_argument("--seeds", type=int, default=5, help="Draws of each number.")
        routing.add_argument(
            "--slice", default="read_", help="Sources that begin with this are shown on their own, too."
        )

        starter = subjects.add_parser(
            "rules",
            help="The starter rules as they are, and without the words that only one message holds, which is nearer to "
            "what they do on messages that their authors never saw: FILE has text and label.",
        )
        starter.add_argument("file", type=Path)

        reading = subjects.add_parser(
            "reading",
            help="What is read of messages: FILE has text, a label and, if there, language or lang, which is not read where "
            "the language is measured.",
        )
        reading.add_argument("file", type=Path)
        reading.add_argument("--field", choices=list(MEASURED_FIELDS), default="sentiment")
        reading.add_argument("--label-column", default="label")

    def handle(self, **options: Any) -> None:
        subject = {
            "reading": self._measure_reading,
            "routing": self._measure_routing,
            "rules": self._measure_rules,
        }[options["subject"]]
        self.stdout.write(json.dumps({"subject": options["subject"], **subject(options)}))

    def _measure_rules(self, options: dict[str, Any]) -> dict[str, Any]:
        try:
            messages = list(read_labelled_rows(options["file"]))
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        rules = compile_rules(starter_snapshot())
        facts = [facts_of_text(message.text) for message in messages]
        right = [message.department for message in messages]
        return {
            "messages": len(messages),
            "as_is": self._figures(
                right, [decide(message_facts, rules).department for message_facts in facts]
            ),
            "held_out": self._figures(right, held_out.held_out_departments(facts, rules)),
        }

    def _figures(self, right: list[str], named: list[str]) -> dict[str, Any]:
        accuracy, macro, table = score_labels(list(zip(right, named, strict=True)))
        return {
            "accuracy": round(accuracy, 4),
            "macro_f1": round(macro, 4),
            "f1": {row[0]: round(row[4], 3) for row in table},
        }

    def _measure_reading(self, options: dict[str, Any]) -> dict[str, Any]:
        label = options["label_column"]
        try:
            messages = [
                (row["text"], row.get("language") or row.get("lang") or "", row[label])
                for row in read_csv_file(options["file"], "text", label)
            ]
        except UnusableFile as error:
            raise CommandError(str(error)) from error
        return measure_readings(messages, options["field"])

    def _measure_routing(self, options: dict[str, Any]) -> dict[str, Any]:
        counts = [part.strip() for part in options["corrections"].split(",") if part.strip()]
        if not counts or not all(part.isdecimal() and int(part) > 0 for part in counts):
            raise CommandError("--corrections takes numbers with commas between them, as in 50,200,1000.")
        if options["seeds"] < 1:
            raise CommandError("--seeds must be at least 1.")
        snapshot = starter_snapshot()
        try:
            messages = self._read_messages(options["file"], options["slice"], snapshot)
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        if len({message.example.department for message in messages}) < 2:
            raise CommandError("There must be messages of at least two departments.")
        numbers = [int(part) for part in counts]
        return measure_learning_curve(
            messages,
            rule_phrases(inline_word_lists(snapshot)),
            numbers,
            options["seeds"],
            self._print_progress,
        )

    def _read_messages(self, path: Path, prefix: str, snapshot: dict[str, Any]) -> list[LabelledMessage]:
        labelled = list(read_labelled_rows(path))
        votes = held_out_votes([facts_of_text(row.text) for row in labelled], compile_rules(snapshot))
        return [
            LabelledMessage(
                Example(row.text, row.department, vote),
                bool(prefix) and row.source.startswith(prefix),
            )
            for row, vote in zip(labelled, votes, strict=True)
        ]

    def _print_progress(self, line: str) -> None:
        self.stderr.write(line)
