"""`manage.py report METRIC`: any number of the reports, exactly from the rows."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from typing import Any, get_args
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reports.measures.summaries import DEFINITIONS, Grouping, Metric, Summary, summarize
from reports.scopes import ALWAYS
from wording.times import company_zone

_METRICS = f"""metrics:
  first-response   cases that need an answer, from their creation to the first answer of a person
  next-response    exchanges after a case's first: from the question to our answer
  response-rate    exchanges that needed an answer, and those that got one
  resolution       cases, from their creation to their last resolving
  hand-overs       hand-overs between departments, from sending to accepting (rate: accepted)
  attainment       service level clocks that ended or are past due (rate: met); --by clock, too
  volume           cases that were created
  sentiment-shift  answered exchanges of unhappy customers who wrote again within 72 h (rate: in a positive tone)
  outcome          answered exchanges by what followed within 72 h (rate: thanks, or said to be fixed); --by outcome, too
  hanging          closed cases (rate: those whose last public message is the customer's and needs an answer)

Times are in seconds. count: how many; n: how many of them got what they needed; rate: n ÷ count; median, mean and "p90" (nine in ten
took at most that long): of those that have a duration, interpolated; within_1h: the share of these that took at most an hour. A day of --from or --to is one of
the time zone {company_zone()}, and --to is its last; a time with a zone counts to the second. Definitions: docs/metrics.md.
"""


class Command(BaseCommand):
    help = "Print a number of the reports, in all and by group, computed from the rows of all departments."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the lines of the list of metrics."""
        parser = super().create_parser(prog_name, subcommand, epilog=_METRICS, **kwargs)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "metric", choices=get_args(Metric), metavar="METRIC", help="One of the metrics below."
        )
        parser.add_argument("--by", choices=get_args(Grouping), help="One line for each.")
        parser.add_argument(
            "--from", dest="start", metavar="DAY", default="", help="The first day: 2026-10-01."
        )
        parser.add_argument("--to", dest="end", metavar="DAY", default="", help="The last day.")
        parser.add_argument("--include-history", action="store_true", help="With imported conversations.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the number. Raises `CommandError` for a period that is none."""
        metric, by, zone = options["metric"], options["by"], company_zone()
        if by == "clock" and metric != "attainment":
            raise CommandError("Only attainment is by clock.")
        if by == "outcome" and metric != "outcome":
            raise CommandError("Only outcome is by outcome.")
        start = _read_moment(options["start"], zone, last=False) or ALWAYS[0]
        end = _read_moment(options["end"], zone, last=True) or ALWAYS[1]
        has_history = options["include_history"] and DEFINITIONS[metric].has_history
        total, groups = summarize(
            metric, by, start, end, zone=zone, now=timezone.now(), with_imported=has_history
        )
        if not options["json"]:
            self._print_table([*groups, total] if by else [total])
            return
        report = {
            "metric": metric,
            "unit": DEFINITIONS[metric].unit,
            "by": by,
            "from": options["start"] or None,
            "to": options["end"] or None,
            "time_zone": zone.key,
            "include_history": has_history,
            "total": _as_document(total),
            "groups": [{"key": group.key, "label": group.label, **_as_document(group)} for group in groups],
        }
        self.stdout.write(json.dumps(report, ensure_ascii=False))

    def _print_table(self, lines: list[Summary]) -> None:
        names = ("count", "n", "rate", "median", "mean", "p90", "within_1h")
        self.stdout.write(f"{'':<28}" + "".join(f"{name:>13}" for name in names))
        for line in lines:
            values = _as_document(line)
            cells = ["–" if values[name] is None else str(values[name]) for name in names]
            self.stdout.write(f"{line.label or 'all':<28.28}" + "".join(f"{cell:>13}" for cell in cells))


def _read_moment(text: str, zone: ZoneInfo, *, last: bool) -> dt.datetime | None:
    """Return where a period begins, or with `last` ends. None for ""."""
    if not text:
        return None
    try:
        if len(text) == len("2026-10-01"):
            day = dt.date.fromisoformat(text) + dt.timedelta(days=last)
            return dt.datetime.combine(day, dt.time(), zone)
        moment = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise CommandError(f"“{text}” is neither a day like 2026-10-01 nor a time.") from None
    if moment.tzinfo is None:
        raise CommandError(f"“{text}” has no zone.")
    return moment


def _as_document(line: Summary) -> dict[str, Any]:
    return {
        "count": line.count,
        "n": line.n,
        "rate": _rounded(line.rate, 4),
        "median": _rounded(line.median, 1),
        "mean": _rounded(line.mean, 1),
        "p90": _rounded(line.p90, 1),
        "within_1h": _rounded(line.within_1h, 4),
    }


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)
