"""Changes and durations in words on the manager's page; those of every page are in `wording`."""

from __future__ import annotations

import datetime as dt

from django.utils.html import format_html

from wording.numbers import FEWEST, NO_VALUE, format_rate, format_share
from wording.spans import figure_span, short_span


def format_duration(span: dt.timedelta | None) -> str:
    """Format a duration with `figure_span`; "–" for None."""
    return NO_VALUE if span is None else figure_span(span)


def duration_cell(span: dt.timedelta | None) -> str:
    """Return a duration for a table's cell, with its seconds for files."""
    return NO_VALUE if span is None else time_cell(span, figure_span(span))


def time_cell(span: dt.timedelta, words: str) -> str:
    """Return a span in words, with its seconds for files."""
    return format_html('<time datetime="PT{}S">{}</time>', round(span.total_seconds()), words)


def rate_cell(part: int, whole: int) -> str:
    """Return a rate for a table's cell: of few as "3 of 4", with its percentage for files."""
    words, share = format_rate(part, whole), format_share(part, whole)
    return words if words == share else format_html('<data value="{}">{}</data>', share, words)


def format_points_change(now: tuple[int, int], before: tuple[int, int]) -> str:
    """Return the change between two shares, in percentage points.

    Each share is (part, whole). "▲ 3 points", "▼ 1 point" (the sign is clear without colour), "as before", or
    "nothing before to compare with" when a whole is zero, "too few to compare" when one is under `FEWEST`.
    """
    if not now[1] or not before[1]:
        return "nothing before to compare with"
    if min(now[1], before[1]) < FEWEST:
        return "too few to compare"
    change = round(100 * now[0] / now[1] - 100 * before[0] / before[1])
    if change == 0:
        return "as before"
    return f"{'▲' if change > 0 else '▼'} {abs(change)} {'point' if abs(change) == 1 else 'points'}"


def describe_token_age(age: dt.timedelta) -> str:
    """Return how old an access token is: "renewed today", "renewed 3 d ago"."""
    return f"renewed {short_span(age)} ago" if age.days else "renewed today"
