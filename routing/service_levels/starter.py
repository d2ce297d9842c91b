"""Starter service levels: two calendars, a policy for urgent cases and one for all other cases."""

from __future__ import annotations

from typing import Any

OFFICE_HOURS = [[540, 1020]]
ROUND_THE_CLOCK_WEEK = [[[0, 1440]]] * 7


def starter_calendars(time_zone: str) -> dict[str, dict[str, Any]]:
    """Return two calendars: Monday to Friday from nine to five, and 24/7."""
    return {
        "Office hours": {"time_zone": time_zone, "week": [OFFICE_HOURS] * 5 + [[], []]},
        "Round the clock": {"time_zone": time_zone, "week": ROUND_THE_CLOCK_WEEK},
    }


def starter_policies() -> list[dict[str, Any]]:
    """Return two policies: urgent cases at any hour, others in office hours.

    Other cases are answered within half a working day and resolved within three.
    """
    return [
        {
            "name": "Urgent",
            "priority": 2,
            "calendar": "Round the clock",
            "first_response_minutes": 60,
            "next_response_minutes": 60,
            "resolution_minutes": 720,
            "steps": [{"after": 30, "clock": "", "notify": ["managers"]}],
        },
        {
            "name": "Everything else",
            "calendar": "Office hours",
            "first_response_minutes": 240,
            "next_response_minutes": 240,
            "resolution_minutes": 1440,
            "steps": [{"after": 60, "clock": "", "notify": ["managers"], "raise": True}],
        },
    ]
