"""`manage.py trace CASE`: why a case is where it is. `--missing`: how many cases have no trace."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox.decisions.trace import cases_without_trace, trace_case, trace_lines
from inbox.models import Case

#: At most this many cases without a trace are named.
_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Prints what was decided about a case, who had it, and what people answered. With --missing: how many cases "
        "have no trace; ends with status 1 when there are any. Changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", nargs="?", type=int, help="The number of a case.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--missing", action="store_true", help="Look for cases without a trace instead.")

    def handle(self, **options: Any) -> None:
        if options["missing"]:
            self._report_missing(as_json=options["json"])
            return
        if options["case"] is None:
            raise CommandError("Say which case, or --missing.")
        case = Case.objects.select_related("department").filter(pk=options["case"]).first()
        if case is None:
            raise CommandError(f"There is no case {options['case']}.")
        explanation = trace_case(case)
        lines = [json.dumps(explanation, ensure_ascii=False)] if options["json"] else trace_lines(explanation)
        self.stdout.write("\n".join(lines))

    def _report_missing(self, *, as_json: bool) -> None:
        cases, without = Case.objects.count(), cases_without_trace().count()
        named = list(cases_without_trace().order_by("pk").values_list("pk", flat=True)[:_SHOWN])
        if as_json:
            self.stdout.write(json.dumps({"cases": cases, "without_trace": without, "named": named}))
        else:
            names = f": {', '.join(map(str, named))}" if named else ""
            self.stdout.write(f"{cases} cases, {without} without a trace{names}")
        if without:
            raise SystemExit(1)
