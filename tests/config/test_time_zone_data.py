"""Time zones come from the pinned package, not from the files of the machine."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
import zoneinfo
from importlib import resources
from pathlib import Path

import pytest

from routing.business_hours.calendar import compile_calendar

ROOT = Path(__file__).resolve().parents[2]
OFFICE_HOURS = [[[510, 990]]] * 5 + [[], []]


def test_the_files_of_the_machine_are_not_read():
    assert zoneinfo.TZPATH == ()
    zones = resources.files("tzdata").joinpath("zones").read_text().split()
    assert zoneinfo.available_timezones() == set(zones)


@pytest.mark.parametrize("module", ["config.celery", "config.bootstrap"])
def test_every_process_reads_the_pinned_ones(module, tmp_path):
    """On a machine whose London shows Tokyo's time, and which names its files in PYTHONTZPATH."""
    (tmp_path / "Europe").mkdir()
    tokyo = resources.files("tzdata").joinpath("zoneinfo/Asia/Tokyo")
    with resources.as_file(tokyo) as file:
        shutil.copy(file, tmp_path / "Europe" / "London")
    begin = f"import {module}"
    code = f"{begin}; import zoneinfo, datetime; print(datetime.datetime(2026, 1, 15, tzinfo=zoneinfo.ZoneInfo('Europe/London')).utcoffset())"
    environment = {**os.environ, "PYTHONTZPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0:00:00"


@pytest.mark.parametrize(
    ("zone", "arrives", "due"),
    [
        ("America/Vancouver", "2026-12-08T16:10:00+00:00", "2026-12-08T16:55:00+00:00"),
        ("America/Edmonton", "2026-12-08T14:40:00+00:00", "2026-12-08T15:25:00+00:00"),
        ("Africa/Casablanca", "2026-12-08T07:40:00+00:00", "2026-12-08T09:15:00+00:00"),
    ],
)
def test_clocks_that_no_longer_change_give_the_right_due_time(zone, arrives, due):
    calendar = compile_calendar({"time_zone": zone, "week": OFFICE_HOURS})
    assert calendar.add(
        dt.datetime.fromisoformat(arrives), dt.timedelta(minutes=45)
    ) == dt.datetime.fromisoformat(due)


def test_no_statement_asks_postgres_for_a_time_zone():
    """Postgres has data of its own: an answer of its would differ from ours."""
    asks = re.compile(
        r"\bAT TIME ZONE\b|\bTrunc(?:Day|Week|Month|Date|Hour)\b|\bExtract\w*\(.*tzinfo", re.IGNORECASE
    )
    rooms = ("accounts", "inbox", "postgres", "reports", "routing", "wording")
    found = [
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if asks.search(path.read_text())
    ]
    assert found == []
