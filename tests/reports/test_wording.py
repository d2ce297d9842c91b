"""Words of reports."""

from __future__ import annotations

import datetime as dt

import pytest

from reports.wording import describe_token_age


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "renewed today"), (23, "renewed today"), (75, "renewed 3 d ago")]
)
def test_a_token_of_today_has_no_age(hours, words):
    assert describe_token_age(dt.timedelta(hours=hours)) == words
