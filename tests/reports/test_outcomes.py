"""What followed our answers: against an independent count, by rule in a table of its own, and card = table = CSV = list."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections import Counter
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from config.testing.quick import choose_size
from inbox.models import Case
from reports.behind.selections import Selection
from reports.dashboards.outcomes.context import outcomes_context
from reports.filters import NO_FILTERS
from reports.measures.closings import count_closings
from reports.measures.outcomes import Outcome, every_outcome, measure_outcomes, read_outcome
from reports.periods import last_weeks, read_period
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed
from tests.reports.stories import DAY, HOUR, MINUTE, ZONE
from tests.reports.test_year import LINKED, READERS, Year, check_files, rows_behind

pytestmark = pytest.mark.django_db
WEEKS = 6
ADDRESS = reverse("reports:outcomes")


@pytest.fixture(autouse=True)
def _today(settings):
    settings.DISPLAY_TIME_ZONE = str(ZONE)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service():
    return DepartmentFactory(name="Customer service")


@pytest.fixture
def manager(service):
    return UserFactory(role=Role.MANAGER, departments=[service])


def converse(
    service, *, tone="negative", next_after=None, answered=HOUR, asked=None, customer=None, brand=None, **said
):
    """A question, our answer, and the next message with what was read in it; returns the case."""
    at = asked or NOW - 9 * DAY
    fields = {"customer": customer} if customer else {}
    case = CaseFactory(
        department=service, created_at=at, brand_account=brand or BrandAccountFactory(), first_response_at=at + answered,
        last_outbound_at=at + answered, waiting_since=None, **fields,
    )  # fmt: skip
    MessageFactory(case=case, sentiment=tone, network_time=at)
    MessageFactory(case=case, outbound=True, network_time=at + answered)
    if next_after is not None:
        MessageFactory(case=case, network_time=at + answered + next_after, **({"needs_answer": False} | said))
    return case


def measured(user, weeks=WEEKS):
    return measure_outcomes(user, last_weeks(weeks, now=NOW, zone=ZONE), NO_FILTERS, now=NOW)


def deeds(user):
    return +Counter({each.deed: n for each, n in measured(user).whole.items()})


CASES = {
    "thanks": ({"next_after": HOUR, "sentiment": "positive", "said": "thanks"}, "thanked", "better"),
    "fixed in a plain tone": ({"next_after": HOUR, "sentiment": "neutral", "said": "fixed"}, "fixed", "better"),
    "as bad as before, in other words": ({"next_after": HOUR, "sentiment": "negative"}, "again", "same"),
    "another complaint": ({"next_after": HOUR, "sentiment": "negative", "said": "complains"}, "escalated", "same"),
    "a worse tone": ({"tone": "neutral", "next_after": HOUR, "sentiment": "negative"}, "escalated", "worse"),
    "urgent now": ({"next_after": HOUR, "sentiment": "neutral", "urgency": 2}, "escalated", "better"),
    "thanks, but urgent": ({"next_after": HOUR, "sentiment": "neutral", "urgency": 1, "said": "thanks"}, "escalated", "better"),
    "at the end of 72 hours": ({"next_after": 72 * HOUR, "sentiment": "neutral"}, "again", "better"),
    "after 72 hours": ({"next_after": 72 * HOUR + MINUTE, "sentiment": "positive", "said": "thanks"}, "silent", "silent"),
    "nothing": ({}, "silent", "silent"),
    "nothing yet": ({"asked": NOW - 70 * HOUR}, "unripe", "silent"),
    "a tone that nobody read": ({"tone": "", "next_after": HOUR, "sentiment": "negative"}, "again", "unread"),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_what_followed(what, service, manager):
    words, deed, shift = CASES[what]
    converse(service, **words)
    (outcome,) = measured(manager).whole
    assert (outcome.deed, outcome.shift) == (deed, shift)


def test_a_message_to_another_account_escalates_unless_it_is_direct_late_or_after_thanks(service, manager):
    other = DepartmentFactory()
    for after, visibility, said in ((HOUR, "public", {}), (HOUR, "direct", {}), (73 * HOUR, "public", {}),
                                    (HOUR, "public", {"next_after": HOUR, "said": "thanks", "sentiment": "positive"})):  # fmt: skip
        case = converse(service, **said)
        elsewhere = CaseFactory(
            customer=case.customer,
            department=other,
            visibility=visibility,
            created_at=case.last_outbound_at + after,
        )
        MessageFactory(case=elsewhere)
    assert deeds(manager) == {"escalated": 1, "silent": 2, "thanked": 1}


def test_a_code_stands_for_its_outcome():
    assert [read_outcome(each.deed, each.code) for each in every_outcome()] == list(every_outcome())
    assert len(every_outcome()) == len(set(every_outcome())) == 6 * 4 * 5 * 4


def test_hanging_and_reopened_cases(service, manager):
    """Hanging: closed, and the last public word is theirs and needs an answer."""
    for last_wants, closed, resolved_once, reopened in (
        (True, True, True, 0), (False, True, True, 1), (True, False, True, 1), (True, False, False, 0),
    ):  # fmt: skip
        case = converse(service, next_after=HOUR, needs_answer=last_wants)
        Case.objects.filter(pk=case.pk).update(
            status="resolved" if closed else "open", closed_at=NOW if closed else None,
            first_resolved_at=NOW - DAY if resolved_once else None, reopen_count=reopened,
        )  # fmt: skip
    period = last_weeks(WEEKS, now=NOW, zone=ZONE)
    assert count_closings(manager, period, NO_FILTERS, now=NOW) == {
        "hanging:stayed": 1, "settled:reopened": 1, "open:reopened": 1
    }  # fmt: skip


def runs_of(story):
    """The customer's runs of messages, each with the answer that ended it."""
    runs, theirs_before = [], False
    for one in sorted(story.live, key=lambda one: one.written):
        if not one.ours and not theirs_before:
            runs.append(([], []))
        if runs:
            runs[-1][one.ours].append(one)
        theirs_before = not one.ours
    return runs


def expected(story):
    """Each answered exchange of a story: when it arrived, and its outcome, counted without the product's code."""
    runs = runs_of(story)
    for place, (asked, answers) in enumerate(runs):
        if not answers or not any(one.wants for one in asked):
            continue
        answer, arrived = answers[0].written, min(one.received for one in asked)
        last, tail = asked[-1], runs[place + 1][0][0] if place + 1 < len(runs) else None
        took = answer - arrived if answer >= arrived else max(answer - asked[0].written, dt.timedelta())
        band = sum(took > limit for limit in (15 * MINUTE, HOUR, DAY))
        after = "silent"
        if tail is None or tail.written > answer + 72 * HOUR:
            deed = "unripe" if answer + 72 * HOUR > NOW else "silent"
        else:
            after = tail.tone or "unread"
            worse = tail.tone == "negative" and (
                last.tone in ("neutral", "positive") or tail.says == "complains"
            )
            words = {"fixed": "fixed", "thanks": "thanked"}
            deed = "escalated" if worse or tail.urgency > last.urgency else words.get(tail.says, "again")
        yield arrived, Outcome(deed, last.tone or "unread", after, band)


@pytest.mark.slow
def test_a_year_counts_the_same_for_every_reader():
    year = Year(83, 160)
    period = last_weeks(53, now=NOW, zone=ZONE)
    for name, reader in READERS.items():
        right = Counter(
            outcome
            for story in year.stories
            if not (story.historical or story.is_noise or story.department == 0) and reader.reads(story)
            for arrived, outcome in expected(story)
            if period.start <= arrived < period.end
        )
        assert measured(year.person(reader), 53).whole == right, name


def test_the_command_prints_shift_outcome_and_hanging(service):
    for words, _, _ in CASES.values():
        converse(service, **words)

    def printed(*arguments):
        out = StringIO()
        call_command("report", *arguments, "--json", stdout=out)
        return json.loads(out.getvalue())

    shift = printed("sentiment-shift")["total"]
    assert (shift["count"], shift["n"]) == (7, 1)
    outcome = printed("outcome", "--by", "outcome")
    assert (outcome["total"]["count"], outcome["total"]["n"]) == (11, 2)
    assert {group["key"]: group["count"] for group in outcome["groups"]} == {
        "again": 3, "escalated": 4, "fixed": 1, "silent": 2, "thanked": 1
    }  # fmt: skip
    assert printed("hanging")["total"]["count"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(choose_size(1, full=20)))
def test_card_table_file_and_list_agree(seed):
    """Every number of the page is the total and the length of its list, and stands in the file of its table."""
    dice = random.Random(seed)
    year = Year(seed, 40)
    for reader in dice.sample(list(READERS.values()), choose_size(1, full=4)):
        user = year.person(reader)
        answer = signed_in(user).get(ADDRESS, {"period": "last-26-weeks", "by": "month"})
        page = answer.content.decode()
        linked = dict(LINKED.findall(page))
        assert len(linked) > 40
        for query, number in dice.sample(sorted(linked.items()), 40):
            assert rows_behind(user, query) == int(number.replace(",", "")), (reader, query)
        for figure in answer.context["figures"]:
            assert figure.basis.startswith(f"{rows_behind(user, figure.href):,} of "), figure
        totals = {query: int(number.replace(",", "")) for query, number in linked.items()}
        check_files(signed_in(user), page, dice.sample(sorted(totals.items()), 4))


def test_the_page_says_few_of_few_nothing_of_nothing_and_what_is_left_out(service, manager):
    page = squeezed(signed_in(manager).get(ADDRESS).content.decode())
    assert "Nothing that came in this time has been answered." in page
    converse(service, next_after=HOUR, sentiment="positive", said="thanks")
    converse(service, asked=NOW - 60 * HOUR)
    page = squeezed(signed_in(manager).get(ADDRESS).content.decode())
    assert (
        "Too few unhappy customers wrote again for a share." in page
        and "1 of 1 answered" in page
        and '<data value="100%">1 of 1</data>' in page
    )
    assert "answered less than 72 h ago</a> and silent so far are left out" in page
    administrator = UserFactory(role=Role.ADMINISTRATOR)
    Case.objects.filter(first_response_at__lt=NOW - 5 * DAY).update(visibility="direct")
    page = squeezed(signed_in(administrator).get(ADDRESS).content.decode())
    assert "Direct messages are counted for the people who answer them." in page
    assert re.search(r"n = <a [^>]*>1 answered exchange</a>", page)


def test_the_board_reads_facts_alone_whatever_it_counts(service, manager):
    for place in range(3):
        converse(service, next_after=HOUR, asked=NOW - (5 + 20 * place) * DAY, sentiment="neutral")
    statements = set()
    for token in ("last-1-weeks", "last-8-weeks", "last-53-weeks"):
        period = read_period({"period": token}, NOW, ZONE)
        selection = Selection(manager, period, NO_FILTERS, "before", NOW)
        outcomes_context(selection)
        with CaptureQueriesContext(connection) as captured:
            outcomes_context(selection)
        statements.add(len(captured))
        assert "inbox_" not in "".join(query["sql"] for query in captured)
    assert max(statements) <= 9


def test_sentences_have_their_number_and_their_list(service, manager):
    """Soon answers turn unhappy customers more often than late ones; two closed cases hang; fewer escalate."""
    for place in range(24):
        soon = place % 2
        words = (
            {"sentiment": "positive", "said": "thanks"} if place % 3 < 1 + soon else {"sentiment": "negative"}
        )
        converse(service, answered=10 * MINUTE if soon else 5 * HOUR, next_after=HOUR, **words)
    for place in range(8):
        asked = NOW - 9 * DAY - (4 * 7 * DAY if place > 2 else 0 * DAY)
        converse(service, asked=asked, next_after=HOUR, sentiment="negative", said="complains")
    hanging = [converse(service, next_after=HOUR, needs_answer=True, sentiment="neutral") for _ in range(2)]
    Case.objects.filter(pk__in=[case.pk for case in hanging]).update(status="resolved", closed_at=NOW)
    context = signed_in(manager).get(ADDRESS, {"period": "last-4-weeks"}).context
    assert [sentence.bold for sentence in context["sentences"]][:2] == [
        "Answers within an hour turned 47% of unhappy customers; later ones 33%.", "2 closed cases hang:"
    ]  # fmt: skip
    for sentence in context["sentences"]:
        assert f"{rows_behind(manager, sentence.href):,}" in sentence.link
