"""Days and times as people give them to commands."""

from __future__ import annotations

import datetime as dt

from django.core.management.base import CommandError


def parse_moment(said: str | None) -> dt.datetime | None:
    """A day or time in ISO 8601, in UTC where it names no zone; None where nothing was said. Raises `CommandError`."""
    if not said:
        return None
    try:
        given = dt.datetime.fromisoformat(said)
    except ValueError:
        raise CommandError(f"“{said}” is no day or time: write 2026-11-18 or 2026-11-18T10:00.") from None
    return given if given.tzinfo else given.replace(tzinfo=dt.UTC)
