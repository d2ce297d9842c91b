"""Sentences under boards: each rule with a case that says it and one beside it that has no evidence."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from accounts.models import BrandAccount, Role, Shift, User
from reports.behind.selections import Selection
from reports.dashboards.insights.accounts import RatedAccounts, account_sentences
from reports.dashboards.insights.people import people_sentences
from reports.dashboards.insights.presence import presence_sentences
from reports.dashboards.insights.response import response_sentences
from reports.dashboards.insights.sentences import Insight, Sentence, choose_sentences, differs
from reports.dashboards.outcomes.sentences import _escalations
from reports.filters import NO_FILTERS
from reports.measures.attainment import Attainment
from reports.measures.by_account import AccountResponses
from reports.measures.by_person import PersonFigures
from reports.measures.exchanges import Cohort
from reports.measures.first_responses import FirstResponse
from reports.measures.hours.roster_starts import earliest_start
from reports.periods import read_period
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PERIOD = read_period({"period": "last-8-weeks"}, NOW, BERLIN)
SELECTION = Selection(User(pk=1, role=Role.MANAGER), PERIOD, NO_FILTERS, "before", NOW)
QUIET = FirstResponse(HOUR, 3 * HOUR, 100, 0, 0, None, None)


def cohorts(*shares, unripe=1):
    """The steps of the period; the last ones still count."""
    steps = PERIOD.steps[-len(shares) :]
    return [
        Cohort(step, whole, part, mature=place < len(shares) - unripe)
        for place, (step, (part, whole)) in enumerate(zip(steps, shares, strict=True))
    ]


def test_the_three_that_weigh_most_in_their_order():
    insights = [Insight(weight, Sentence(str(weight), "", "", "")) for weight in (3, 9, 1, 7)]
    assert [sentence.bold for sentence in choose_sentences(None, *insights)] == ["9", "7", "3"]


@pytest.mark.parametrize(
    ("share", "other", "is_evidence"),
    [
        ((60, 100), (80, 100), True),
        ((780, 1000), (800, 1000), False),  # two points
        ((7, 10), (10, 10), False),  # too few
        ((14, 20), (16, 20), False),  # ten points that may be chance
        ((700, 1000), (800, 1000), True),
        ((0, 0), (50, 100), False),
        ((30, 30), (30, 30), False),
    ],
)
def test_what_is_more_than_chance(share, other, is_evidence):
    assert differs(share, other) is differs(other, share) is is_evidence


SAME = [(80, 100)] * 5
BEFORE = cohorts(*SAME, unripe=0)
LONG = FirstResponse(HOUR, 4 * HOUR, 200, 12, 3, 90 * HOUR, 30 * HOUR)


@pytest.mark.parametrize(
    ("now", "first", "clocks", "said"),
    [
        (SAME, QUIET, [], []),
        (
            [(60, 100)] * 5, QUIET, [],
            [("60% of exchanges got an answer, 20 points fewer than before.", "200 unanswered", "answered=no")],
        ),
        (
            [(95, 100)] * 5, QUIET, [],
            [("95% of exchanges got an answer, 15 points more than before.", "475 answered", "answered=yes")],
        ),
        ([(4, 8)] * 3, FirstResponse(HOUR, HOUR, 9, 4, 0, DAY, DAY), [Attainment("resolution", 5, 9, 0, 0)], []),
        # The one that still counts is no evidence.
        ([*SAME[1:], (0, 100)], QUIET, [], []),
        (
            [(88, 100), (40, 100), (88, 100), (90, 100), (90, 100)], QUIET, [],
            [("Week 44 stands out: 40% of 100 exchanges got an answer,", "60 unanswered", "step=2026-W44")],
        ),
        (
            SAME, LONG, [],
            [("12 cases of this period still wait for a first response, half of them for 1 d 6 h or longer;", "12 waiting", "open=yes")],
        ),
        (
            SAME, QUIET, [Attainment("first_response", 95, 5, 0, 0), Attainment("next_response", 60, 40, 3, 0)],
            [("40% of 100 targets for the next response were missed.", "40 missed", "clock=next_response")],
        ),
    ],
)  # fmt: skip
def test_responses(now, first, clocks, said):
    sentences = response_sentences(SELECTION, cohorts(*now), BEFORE, first, clocks)
    assert [(each.bold, each.link) for each in sentences] == [each[:2] for each in said]
    assert all(each[2] in sentence.href for each, sentence in zip(said, sentences, strict=True))


def test_accounts():
    rude, fine, small = (BrandAccount(pk=pk, network="x", handle=f"h{pk}", owner_id=7) for pk in (1, 2, 3))
    small.owner_id = None
    responses = {
        0: AccountResponses(309, 215, HOUR, ()), 1: AccountResponses(200, 120, HOUR, ()),
        2: AccountResponses(100, 95, HOUR, ()), 3: AccountResponses(9, 0, None, ()),
    }  # fmt: skip
    figures = RatedAccounts(
        SELECTION, responses, {1: (120, 200), 2: (95, 100)}, {1: (160, 200), 2: (94, 100)}
    )
    worst, fallen = account_sentences([rude, fine, small], figures)
    assert worst.bold == f"{rude} answered 60% of its exchanges, 20 points fewer than before."
    assert fallen.bold == f"At {rude} 80 of 200 exchanges got no answer (40%; at all accounts 30%)."
    small.owner_id, rude.owner_id = 7, None
    assert account_sentences([rude, fine, small], figures)[0].bold == f"Nobody owns {rude}."


def test_people_read_about_themselves_and_about_a_team_as_a_whole():
    good, poor = PersonFigures(50, (), 9, HOUR, 48, 50), PersonFigures(50, (), 9, HOUR, 30, 50)
    assert people_sentences(good, "/m", [(9, 9), (8, 9)] * 2, "#t") == []
    (own,) = people_sentences(poor, "/m", [], "#t")
    assert (own.bold, own.link) == (
        "20 of your 50 response targets were missed (40%).",
        "20 missed",
    )
    (team,) = people_sentences(good, "/m", [(9, 9), (12, 9), (2, 9), (3, 9), (0, 9), (1, 9)], "#t")
    assert team.bold == "2 of your 6 people have reached their limit of open cases."
    assert team.rest == "The others have room for 30 more cases."


@dataclass
class Outcomes:
    """What the sentence about escalations reads of a board: (escalated, counted) of both periods."""

    now: tuple[int, int]
    earlier: tuple[int, int]
    before = ()

    def count(self, deed="", **_):
        return self.now[not deed]

    def count_before(self, deed="", **_):
        return self.earlier[not deed]

    def href(self, **query):
        return "/cases"


@pytest.mark.parametrize(
    ("now", "before", "bold"),
    [
        ((335, 3000), (30, 300), None),
        ((60, 300), (30, 300), "Escalations rose from 10% of what was answered to 20%:"),
        ((80, 800), (60, 300), "Escalations fell from 20% of what was answered to 10%:"),
        ((3, 10), (1, 10), None),
    ],
)
def test_more_escalations_of_more_answers_are_no_news(now, before, bold):
    sentence = _escalations(Outcomes(now, before))
    assert (sentence and sentence.bold) == bold


@dataclass
class Entry:
    """What the sentences read of an entry of the register."""

    evidence: object


@dataclass
class Evidence:
    messages: int
    has_owner: bool = True
    has_roster: bool = True
    is_cut_off: bool = False


def test_the_register():
    entries = [
        Entry(Evidence(40, has_owner=False)),
        Entry(Evidence(50)),
        Entry(Evidence(9, has_roster=False)),
    ]
    (unowned,) = presence_sentences(entries)
    assert unowned.bold == "1 account has no owner."
    assert unowned.rest == "Customers wrote 40 of all 99 messages of the last 13 weeks there."
    assert (unowned.link, unowned.href) == ("1 account", "/reports/presence-review/?only=no-owner")


@pytest.mark.django_db
def test_the_roster_in_force_says_from_when_on_a_department_is_on_point():
    billing, sales = DepartmentFactory(), DepartmentFactory()
    ours, other = UserFactory(departments=[billing]), UserFactory(departments=[sales])
    berlin, york = (BrandAccountFactory(time_zone=zone) for zone in ("Europe/Berlin", "America/New_York"))

    def add(account, weekday, starts, ends, person=ours, **more):
        times = {"starts_at": dt.time(starts), "ends_at": dt.time(ends)}
        Shift.objects.create(brand_account=account, weekday=weekday, primary=person, **times, **more)

    def start(weekday):
        return earliest_start(billing.pk, weekday, PERIOD, now=NOW)

    assert start(0) == (False, None)
    add(berlin, 0, 11, 17)
    add(berlin, 0, 6, 11, person=other)
    # Only in summer, and by somebody who has left.
    add(berlin, 0, 7, 9, valid_until=dt.date(2026, 8, 31))
    add(berlin, 2, 8, 9, person=UserFactory(departments=[billing], is_active=False))
    assert (start(0), start(1), start(2)) == ((True, dt.time(11)), (True, None), (True, None))
    # 4:00 in New York is 10:00 in Berlin; in the week between both clock changes 9:00.
    add(york, 0, 4, 9)
    assert start(0) == (True, dt.time(9))
    # Through the night into Tuesday.
    add(berlin, 0, 22, 3)
    assert start(1) == (True, dt.time(0))
