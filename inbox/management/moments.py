"""Days and times as people type them in commands."""

from __future__ import annotations

import datetime as dt

from django.core.management.base import CommandError


def parse_moment(text: str | None) -> dt.datetime | None:
    """Parse a day or time in ISO 8601. UTC where it names no zone; None where nothing was given. Raises
    `CommandError`.
    """
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is no day or time: write 2026-11-18 or 2026-11-18T10:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
