"""Moments in words, in the zone in which people read pages."""

from __future__ import annotations

import datetime as dt

import pytest
from django.template import Context, Template

from wording import times

NOW = dt.datetime(2025, 11, 18, 10, 2, 31, 500_000, tzinfo=dt.UTC)
SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture
def _auckland(settings):
    settings.DISPLAY_TIME_ZONE = "Pacific/Auckland"


class TestDisplayTime:
    def test_a_row_shows_how_long_ago(self):
        shown = times.display_time(NOW - 5 * MINUTE, NOW)
        assert (shown.words, shown.exact) == ("5 min", "18 November 2025, 09:57:31 UTC")
        assert (shown.iso, shown.at) == ("2025-11-18T09:57:31+00:00", NOW - 5 * MINUTE)

    def test_what_is_to_come_reads_now(self):
        assert times.display_time(NOW + DAY, NOW).words == "now"

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            (NOW, "now"),
            (NOW - 0.9 * SECOND, "now"),
            (NOW - SECOND, "1 s ago"),
            (NOW + SECOND, "in 1 s"),
            (NOW - 4 * MINUTE, "4 min ago"),
            (NOW + 1.5 * DAY, "in 1 day 12 h"),
        ],
    )
    def test_a_relative_time_says_its_direction(self, at, words):
        assert times.relative_time(at, NOW).words == words

    @pytest.mark.usefixtures("_auckland")
    def test_the_exact_time_of_a_relative_one_is_where_people_are(self):
        shown = times.relative_time(NOW.astimezone(dt.timezone(dt.timedelta(hours=2))), NOW)
        assert shown.exact == "18 Nov 2025 23:02:31 NZDT"

    def test_no_time_is_none(self):
        assert times.optional_relative_time(None, NOW) is None
        assert times.optional_relative_time(NOW, NOW) == times.relative_time(NOW, NOW)


class TestForms:
    def test_each_form(self):
        assert times.exact_time(NOW) == "18 November 2025, 10:02:31 UTC"
        assert times.full_time(NOW) == "Tuesday, 18 November 2025, 10:02 UTC"
        assert times.long_time(NOW) == "18 November, 10:02"
        assert times.long_zoned_time(NOW) == "18 November, 10:02 UTC"
        assert times.short_time(NOW) == "18 Nov, 10:02"
        assert times.at_time_phrase(NOW) == "at 10:02 on 18 November"
        assert times.short_date(NOW.date()) == "18 Nov"
        assert times.short_date_with_year(NOW.date()) == "18 Nov 2025"

    def test_days_have_no_leading_zero(self):
        at = NOW.replace(month=12, day=3)
        assert times.short_time(at) == "3 Dec, 10:02"
        assert times.long_time(at) == "3 December, 10:02"
        assert times.full_time(at) == "Wednesday, 3 December 2025, 10:02 UTC"

    @pytest.mark.usefixtures("_auckland")
    def test_they_are_read_where_people_are(self):
        assert times.exact_time(NOW) == "18 November 2025, 23:02:31 NZDT"
        assert times.long_zoned_time(NOW + 2 * 60 * MINUTE) == "19 November, 01:02 NZDT"
        assert str(times.display_zone()) == "Pacific/Auckland"

    @pytest.mark.usefixtures("_auckland")
    def test_the_reader_may_have_chosen_another_zone(self):
        with times.show_times_in(lambda: "America/Vancouver"):
            assert times.exact_time(NOW) == "18 November 2025, 02:02:31 PST"
            assert times.company_zone().key == "Pacific/Auckland"
        assert times.exact_time(NOW) == "18 November 2025, 23:02:31 NZDT"

    @pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Europe"])
    def test_without_a_zone_of_their_own_it_is_the_companys(self, name):
        with times.show_times_in(lambda: name):
            assert times.long_zoned_time(NOW) == "18 November, 10:02 UTC"

    def test_the_clock_names_the_day_when_it_is_another(self):
        assert times.clock_time(NOW - 61 * MINUTE, NOW) == "09:01"
        assert times.clock_time(NOW - DAY, NOW) == "17 Nov 10:02"
        assert times.clock_time(NOW.replace(year=2024), NOW) == "18 Nov 2024 10:02"

    @pytest.mark.usefixtures("_auckland")
    def test_the_clock_s_day_is_the_one_where_people_are(self):
        midnight = dt.datetime(2025, 11, 17, 11, 0, tzinfo=dt.UTC)
        assert times.clock_time(midnight, NOW) == "00:00"
        assert times.clock_time(midnight - MINUTE, NOW) == "17 Nov 23:59"


def test_templates_show_moments_in_the_zone_of_the_reader():
    template = Template("{{ at|exact_time }} | {{ at|full_time }}")
    with times.show_times_in(lambda: "Asia/Kolkata"):
        shown = template.render(Context({"at": NOW}))
    assert shown == "18 November 2025, 15:32:31 IST | Tuesday, 18 November 2025, 15:32 IST"
