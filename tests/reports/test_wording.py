"""Words of reports."""

from __future__ import annotations

import datetime as dt

import pytest

from reports.wording import describe_token_age


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "token from today"), (23, "token from today"), (75, "token 3 d old")]
)
def test_a_token_of_today_has_no_age(hours, words):
    assert describe_token_age(dt.timedelta(hours=hours)) == words
