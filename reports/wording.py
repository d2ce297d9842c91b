"""How numbers read on the page: formatted once, in Python."""

from __future__ import annotations

import datetime as dt

NO_VALUE = "–"
CLOCK_LABELS = {
    "first_response": "First response",
    "next_response": "Next response",
    "resolution": "Resolution",
}


def format_duration(value: dt.timedelta | None) -> str:
    """Two units at most: "48 s", "14 min", "2 h 05", "3 d 4 h"; "–" for None."""
    if value is None:
        return NO_VALUE
    seconds = max(int(value.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02d}"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def format_share(part: int, whole: int) -> str:
    """A whole percentage, "–" when there is nothing to divide by."""
    return f"{part / whole:.0%}".replace("%", " %") if whole else NO_VALUE


def format_points_change(now: tuple[int, int], before: tuple[int, int]) -> str:
    """The change between two shares in percentage points, with a sign that does not need colour."""
    if not now[1] or not before[1]:
        return "nothing to compare with"
    change = round(100 * now[0] / now[1] - 100 * before[0] / before[1])
    if change == 0:
        return "as before"
    return f"{'▲' if change > 0 else '▼'} {abs(change)} {'point' if abs(change) == 1 else 'points'}"
