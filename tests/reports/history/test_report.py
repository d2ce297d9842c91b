"""`manage.py report`: the pages' numbers without a page, and those of imported conversations beside them."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
import statistics
from typing import get_args

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Department, Role
from inbox.models import CaseEvent, Custody
from reports.filters import NO_FILTERS
from reports.measures.exchanges import overall_rate, response_cohorts
from reports.measures.first_responses import first_response_times
from reports.measures.summaries import Metric
from reports.periods import last_weeks
from tests.factories import NOW, BrandAccountFactory, CaseFactory, MessageFactory, UserFactory
from tests.reports.history.files import answered, conversation, import_file, said, write_lines

pytestmark = pytest.mark.django_db
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
NOTHING = {"count": 0, "n": 0, "rate": None, "median": None, "mean": None, "p90": None, "within_1h": None}


def report(metric, *options):
    out = io.StringIO()
    call_command("report", metric, "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def lived_case(minutes, **fields):
    """A case of today's work: a question, and unless `minutes` is None an answer after that time."""
    at = fields.pop("at", NOW - 3 * HOUR)
    answered_at = None if minutes is None else at + minutes * MINUTE
    case = CaseFactory(created_at=at, first_response_at=answered_at, needs_answer=True, **fields)
    MessageFactory(case=case, network_time=at, received_at=at, needs_answer=True)
    if answered_at:
        MessageFactory(
            case=case, direction="out", network_time=answered_at, received_at=answered_at, needs_answer=False
        )
    return case


@pytest.mark.parametrize("metric", get_args(Metric))
def test_nothing_is_nothing(db, metric):
    result = report(metric, "--by", "week")
    assert result["total"] == NOTHING and result["groups"] == []


def test_first_responses_in_all_and_by_network(departments):
    x, facebook = BrandAccountFactory(), BrandAccountFactory(network="facebook")
    for minutes in (10, 30, 50, 100):
        lived_case(minutes, brand_account=x, department=departments["service"])
    lived_case(None, brand_account=x, department=departments["service"])
    lived_case(61, brand_account=facebook, department=departments["billing"])
    result = report("first-response", "--by", "network")
    one, two = result["groups"]
    assert one == {
        "key": "facebook", "label": "facebook", "count": 1, "n": 1, "rate": 1.0, "median": 3660.0, "mean": 3660.0,
        "p90": 3660.0, "within_1h": 0.0,
    }  # fmt: skip
    # Interpolated: a tenth of the way from 50 to 100 minutes is missing to the largest.
    assert two | {"key": "", "label": ""} == {
        "key": "", "label": "", "count": 5, "n": 4, "rate": 0.8, "median": 2400.0, "mean": 2850.0, "p90": 5100.0,
        "within_1h": 0.75,
    }  # fmt: skip
    assert (result["total"]["count"], result["total"]["n"]) == (6, 5)
    assert [group["key"] for group in report("volume", "--by", "department")["groups"]] == [
        "billing",
        "service",
    ]


def test_the_numbers_are_those_of_the_page(departments):
    dice = random.Random(5)
    for _ in range(25):
        minutes = dice.choice([None, 5, 17, 44, 200])
        lived_case(
            minutes, at=NOW - dice.random() * 20 * dt.timedelta(days=1), department=departments["service"]
        )
    reader = UserFactory(role=Role.MANAGER, departments=Department.objects.all())
    period = last_weeks(4, now=NOW, zone=dt.UTC)
    page = first_response_times(reader, period, NO_FILTERS, now=NOW)
    cohorts = response_cohorts(reader, period, NO_FILTERS, promised=HOUR, now=NOW)
    days = ("--from", str(period.first_day), "--to", str(period.day_after - dt.timedelta(days=1)))
    ours = report("first-response", *days)["total"]
    assert (ours["n"], ours["count"]) == (page.answered, page.needing)
    assert overall_rate(cohorts) == tuple(
        report("response-rate", *days)["total"][name] for name in ("n", "count")
    )
    weeks = report("response-rate", "--by", "week", *days)["groups"]
    assert {w["key"]: (w["n"], w["count"]) for w in weeks} == {
        cohort.step.key: (cohort.answered, cohort.needing) for cohort in cohorts if cohort.needing
    }


def test_imported_conversations_count_when_asked_for_and_never_in_service_levels(departments, file):
    times = [3, 10, 40, 90, 2000]
    lines = [answered(f"t{n}", minutes=minutes) for n, minutes in enumerate(times)]
    # Nobody answered; and one of mere praise, which needed an answer as well: nobody judged it then.
    lines += [conversation("u", said("u")), conversation("v", said("v", text="Love it, thanks!"))]
    import_file(write_lines(file, *lines))
    assert all(report(metric)["total"] == NOTHING for metric in get_args(Metric))
    seconds = [60 * minutes for minutes in times]
    expected = {
        "count": 7, "n": 5, "rate": 0.7143, "median": 2400.0, "mean": round(statistics.mean(seconds), 1),
        "p90": 60 * (90 + 0.6 * (2000 - 90)), "within_1h": 0.6,
    }  # fmt: skip
    for metric in ("first-response", "response-rate"):
        assert report(metric, "--include-history")["total"] == expected
        assert report(metric, "--include-history", "--by", "brand")["groups"][0]["label"] == "x:fernhelp"
    assert report("volume", "--include-history")["total"]["count"] == 7
    assert report("attainment", "--include-history")["total"] == NOTHING
    assert report("resolution", "--include-history")["total"] == NOTHING


def test_what_followed_in_an_imported_conversation_is_a_next_response(departments, file):
    again = [said("c", minutes=60, text="Still nothing. Where is it?"), said("d", "brand", 75, "Sorry!")]
    import_file(write_lines(file, conversation("t", said("a"), said("b", "brand", 30), *again)))
    assert report("next-response", "--include-history")["total"]["median"] == 900.0
    assert report("response-rate", "--include-history")["total"]["count"] == 1


def test_hours_and_days_are_those_of_the_companys_zone(departments, settings):
    settings.DISPLAY_TIME_ZONE = "Europe/Berlin"
    lived_case(5, at=dt.datetime(2026, 10, 25, 23, 30, tzinfo=dt.UTC), department=departments["service"])
    assert [group["key"] for group in report("volume", "--by", "hour")["groups"]] == ["00"]
    assert report("volume", "--by", "weekday")["groups"][0]["label"] == "Monday"
    assert report("volume", "--by", "week")["groups"][0]["key"] == "2026-W44"
    assert report("volume", "--from", "2026-10-26", "--to", "2026-10-26")["total"]["count"] == 1
    assert report("volume", "--to", "2026-10-25")["total"]["count"] == 0


def test_clocks_and_hand_overs(departments):
    case = lived_case(
        5, department=departments["billing"], status="resolved", closed_at=NOW, waiting_since=None
    )
    records = [{"clock": "first_response", "from": "a", "met": True}, {"clock": "resolution", "met": False}]
    CaseEvent.objects.create(case=case, at=NOW, verb="resolved", data={"clocks": records})
    late = lived_case(None, department=departments["service"], first_response_due_at=NOW - HOUR)
    Custody.objects.create(
        case=case, department=departments["billing"], from_department=departments["service"], sent_at=NOW - HOUR,
        accepted_at=NOW - MINUTE, left_at=NOW,
    )  # fmt: skip
    assert late.closed_at is None
    clocks = {
        group["key"]: (group["n"], group["count"])
        for group in report("attainment", "--by", "clock")["groups"]
    }
    assert clocks == {"first_response": (1, 2), "resolution": (0, 1)}
    hand_overs = report("hand-overs", "--by", "department")["groups"]
    assert [(group["key"], group["count"], group["median"]) for group in hand_overs] == [
        ("billing", 1, 3540.0)
    ]
    assert report("resolution")["total"]["n"] == 1


def test_what_cannot_be_is_said(db):
    for options in (
        ("volume", "--by", "clock"),
        ("volume", "--from", "May"),
        ("volume", "--to", "2026-05-01T10:00"),
    ):
        with pytest.raises(CommandError):
            report(*options)
