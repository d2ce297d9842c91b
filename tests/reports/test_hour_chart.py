"""The drawing of a day's hours."""

from __future__ import annotations

import pytest

from reports.charts.hours import HourBar, hour_chart


@pytest.mark.parametrize(("running", "late"), [(0, False), (14, False), (21, True), (23, True)])
def test_the_words_beside_now_stay_in_the_drawing(running, late):
    bars = [HourBar("", 1 if hour <= running else None, None, hour == running, "", "") for hour in range(24)]
    assert hour_chart(bars, 0.5).is_late is late
