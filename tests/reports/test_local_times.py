"""Local time in statements, by our own data of zones."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from reports.measures.local_times import LOCAL, offset_parameters
from reports.scopes import fetch_all

pytestmark = pytest.mark.django_db
_HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    "name",
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
    ],
)
def test_every_half_hour_around_the_clock_changes_is_local(name):
    zone = ZoneInfo(name)
    starts = (
        dt.datetime(2026, month, day, tzinfo=dt.UTC) for month in (3, 4, 10, 11) for day in (1, 8, 25, 29)
    )
    moments = [start + n * _HOUR / 2 for start in starts for n in range(96)]
    shown = LOCAL.replace("%(offsets)s", "%s").replace("%(changes)s", "%s")
    values = offset_parameters(zone)
    rows = fetch_all(
        f"SELECT to_char({shown}, 'YYYY-MM-DD HH24:MI') FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS f(at, n) ORDER BY n",
        [values["offsets"], values["changes"], moments],
    )
    assert [row[0] for row in rows] == [f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in moments]
