"""Words of reports."""

from __future__ import annotations

import datetime as dt

import pytest

from reports.exports.page_tables import read_tables
from reports.wording import describe_token_age, format_points_change, rate_cell
from wording.numbers import format_rate


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "renewed today"), (23, "renewed today"), (75, "renewed 3 d ago")]
)
def test_a_token_of_today_has_no_age(hours, words):
    assert describe_token_age(dt.timedelta(hours=hours)) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "–"), (3, 4, "3 of 4"), (0, 1, "0 of 1"), (4, 5, "80%"), (5, 5, "100%")],
)
def test_a_rate_of_fewer_than_five_is_its_two_numbers(part, whole, words):
    assert format_rate(part, whole) == words


def test_few_are_compared_with_nothing():
    assert format_points_change((4, 4), (1, 100)) == "too few to compare"
    assert format_points_change((50, 100), (4, 4)) == "too few to compare"
    assert format_points_change((4, 5), (3, 5)) == "▲ 20 points"


def test_a_file_has_the_percentage_of_few_too():
    rows = "".join(f"<tr><td>{rate_cell(*each)}</td></tr>" for each in ((3, 4), (71, 100), (0, 0)))
    (table,) = read_tables(
        f"<h2>Rates</h2><table id='t'><thead><tr><th>Rate</th></tr></thead><tbody>{rows}</tbody></table>"
    )
    assert table.shown == [["3 of 4"], ["71%"], ["–"]]
    assert (table.header, table.rows) == (["Rate (%)"], [[75], [71], [None]])
