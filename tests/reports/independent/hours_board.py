"""The map of hours and weekdays, counted from records as the page writes it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from tests.reports.independent.records import Exchange, Records
from tests.reports.independent.response_board import Question
from tests.reports.independent.words import DAY, MINUTE, Span, nearest, number


def count_hours(asked: Question, what: str) -> list[list[str]]:
    """Count arrivals, answers or long waits by hour and weekday; the last row is who is on point."""
    moments = [
        at.astimezone(asked.span.zone) for each in asked.exchanges() if (at := _moment(asked, each, what)) is not None
    ]  # fmt: skip
    rows = []
    for hour in range(24):
        counts = [sum((at.hour, at.weekday()) == (hour, day) for at in moments) for day in range(7)]
        rows.append([f"{hour:02}:00", *map(number, counts), number(sum(counts))])
    return [*rows, ["On point", *_on_point(asked), ""]]


def _moment(asked: Question, each: Exchange, what: str) -> dt.datetime | None:
    if what == "answers":
        # Before it reached us nothing was answered: then as long after as it had taken.
        return None if each.span is None else each.arrived + each.span
    if what == "arrivals":
        return each.arrived
    waited = each.span if each.span is not None else asked.now - each.arrived
    is_closed = each.answer is None and each.case.closed is not None
    return each.arrived if is_closed or nearest(waited, MINUTE) > 60 else None


def _on_point(asked: Question) -> list[str]:
    """Return for each weekday the hours in which somebody is named on the roster of an account that is shown."""
    zone, monday = asked.span.zone, _last_monday(asked.span, asked.now)
    accounts = [
        pk for pk, row in asked.records.brands.items()
        if (not asked.filters.account or pk in asked.filters.account)
        and (not asked.filters.network or row["network"] in asked.filters.network)
    ]  # fmt: skip
    words = []
    for weekday in range(7):
        day = monday + weekday * DAY
        covered = [hour for hour in range(24) if _is_covered(asked.records, accounts, day, hour, zone)]
        runs: list[list[int]] = []
        for hour in covered:
            if runs and runs[-1][1] == hour:
                runs[-1][1] = hour + 1
            else:
                runs.append([hour, hour + 1])
        words.append(", ".join(f"{first:02}–{last:02}" for first, last in runs) or "nobody")
    return words


def _last_monday(span: Span, now: dt.datetime) -> dt.date:
    last = min(span.end - MINUTE, max(now, span.start)).astimezone(span.zone).date()
    return last - last.weekday() * DAY


def _is_covered(records: Records, accounts: list[int], day: dt.date, hour: int, zone: ZoneInfo) -> bool:
    """Whether somebody is named for half of the hour; of one that clocks show twice the first counts."""
    quarters = 0
    for minute in (0, 15, 30, 45):
        at = dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(dt.UTC)
        if at.astimezone(zone).hour == hour:
            quarters += any(_is_named(records, account, at) for account in accounts)
    return quarters >= 2


def _is_named(records: Records, account: int, at: dt.datetime) -> bool:
    zone = ZoneInfo(records.brands[account]["time_zone"])
    today = at.astimezone(zone).date()
    running = []
    for shift in records.shifts[account]:
        for day in (today - DAY, today):
            start, end = _shift_on(shift, day, zone)
            if _begins_on(shift, day) and start <= at < end:
                running.append((bool(shift["date"]), start, int(shift["id"]), shift["primary_id"]))
    return bool(running) and bool(max(running)[3])


def _begins_on(shift: dict[str, str], day: dt.date) -> bool:
    if shift["date"]:
        return shift["date"] == str(day)
    is_valid = (shift["valid_from"] or "0") <= str(day) <= (shift["valid_until"] or "9")
    return int(shift["weekday"]) == day.weekday() and is_valid


def _shift_on(shift: dict[str, str], day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    opens, closes = (dt.time.fromisoformat(shift[name]) for name in ("starts_at", "ends_at"))
    last = day + DAY if closes <= opens else day
    return tuple(
        dt.datetime.combine(date, time, tzinfo=zone).astimezone(dt.UTC) for date, time in ((day, opens), (last, closes))
    )  # fmt: skip
