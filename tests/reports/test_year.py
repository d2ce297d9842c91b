"""A year of cases with every trap: the numbers against an independent count, and each number against its list."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter

import pytest
import time_machine
from django.http import QueryDict
from django.urls import reverse

from accounts.models import BrandAccountGrant, Role
from config.testing.quick import choose_size
from reports.behind.lists import fetch_page
from reports.behind.numbers import list_behind
from reports.filters import NO_FILTERS, read_narrowed
from reports.measures.attainment import sla_attainment
from reports.measures.exchanges import response_cohorts
from reports.measures.first_responses import first_response_times
from reports.measures.hand_overs import count_routed, hand_over_pairs
from reports.measures.volume import case_volume
from reports.periods import last_weeks, read_period
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.reports import stories
from tests.reports.stories import DAY, ZONE, Count, Reader

pytestmark = pytest.mark.django_db
READERS = {
    "the manager of two": Reader(Role.MANAGER, (1, 2)),
    "the manager of the spam queue and one": Reader(Role.MANAGER, (0, 3)),
    "the administrator": Reader(Role.ADMINISTRATOR),
    "the analyst": Reader(Role.ANALYST, (1, 4)),
    "the agent": Reader(Role.AGENT, (2,)),
    "the community manager": Reader(Role.COMMUNITY, (1,), (1, 2)),
}
#: A number that is a link to its list.
LINKED = re.compile(r'<a href="/reports/cases/\?([^"]*)">([0-9,]+)</a>')


class Year:
    """The stories, told to the database, and people who read them."""

    def __init__(self, seed, size):
        dice = random.Random(seed)
        self.departments = [DepartmentFactory(slug="spam"), *(DepartmentFactory() for _ in range(4))]
        self.brands = [BrandAccountFactory(network=network) for network in ("x", "facebook", "x")]
        self.stories = [stories.invent(dice, len(self.departments), len(self.brands)) for _ in range(size)]
        stories.write_down(self.stories, self.departments, self.brands)

    def person(self, reader):
        user = UserFactory(
            role=reader.role, departments=[self.departments[one] for one in reader.departments]
        )
        for brand in reader.brands:
            BrandAccountGrant.objects.create(user=user, brand_account=self.brands[brand])
        return user

    def place(self, department_id):
        return [one.pk for one in self.departments].index(department_id)


def found_numbers(year, user, period):
    """What the product counts, in the form of `stories.Count`."""
    first = first_response_times(user, period, NO_FILTERS, now=NOW)
    pairs = hand_over_pairs(user, period, NO_FILTERS, now=NOW)
    volume = case_volume(user, period, NO_FILTERS, now=NOW)
    return {
        "rate": {
            one.step.key: (one.needing, one.answered) for one in response_cohorts(user, period, NO_FILTERS, promised=DAY, now=NOW)
        },
        "first response": (
            first.answered, first.open, first.closed, first.median, first.p90, first.oldest_open, first.median_open
        ),
        "volume": {
            (year.place(row.department_id), network): number
            for row in volume.rows
            for network, number in zip(volume.networks, row.by_network, strict=True)
            if number
        },
        "hand-overs": {
            (year.place(one.from_id), year.place(one.to_id)): (
                one.count, one.accepted, one.waiting, one.median_wait, one.p90_wait, one.median_custody, one.came_back
            )
            for one in pairs
        },
        "routed": count_routed(user, period, NO_FILTERS, now=NOW),
        "attainment": {
            one.clock: (one.met, one.missed, one.running, one.in_time)
            for one in sla_attainment(user, period, NO_FILTERS, now=NOW)
        },
    }  # fmt: skip


def right_numbers(year, reader, period):
    count = Count(year.stories, reader, [week.key for week in period.steps])
    by_network = {}
    for (department, brand), number in count.volume().items():
        key = (department, year.brands[brand].network)
        by_network[key] = by_network.get(key, 0) + number
    return {
        "rate": count.rate_by_week(),
        "first response": count.first_response(),
        "volume": by_network,
        "hand-overs": count.hand_overs(),
        "routed": count.routed(),
        "attainment": count.attainment(),
    }


def rounded(numbers):
    """Spans in whole milliseconds: an interpolated percentile differs in the last digit."""
    if isinstance(numbers, dict):
        return {key: rounded(value) for key, value in numbers.items()}
    if isinstance(numbers, tuple):
        return tuple(rounded(one) for one in numbers)
    return round(numbers.total_seconds(), 3) if hasattr(numbers, "total_seconds") else numbers


@pytest.mark.slow
def test_a_year_with_every_trap_counts_the_same_for_every_reader():
    year = Year(2011, choose_size(260, full=4000))
    for name, reader in READERS.items():
        user = year.person(reader)
        for weeks in (53, 4, 1):
            period = last_weeks(weeks, now=NOW, zone=ZONE)
            found, right = found_numbers(year, user, period), right_numbers(year, reader, period)
            for what in right:
                assert rounded(found[what]) == rounded(right[what]), (name, weeks, what)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(choose_size(2, full=40)))
def test_card_table_and_list_agree(seed, settings):
    """Every number on the page is the total and the length of the list that it opens, for random histories and readers."""
    dice = random.Random(seed)
    year = Year(seed, 60)
    settings.DISPLAY_TIME_ZONE = str(ZONE)
    for reader in dice.sample(list(READERS.values()), 3):
        user = year.person(reader)
        with time_machine.travel(NOW, tick=False):
            answer = signed_in(user).get(reverse("reports:dashboard"), {"period": "last-26-weeks"})
            linked = LINKED.findall(answer.content.decode())
            totals = {}
            for query, number in linked:
                totals[query] = rows_behind(user, query)
                assert totals[query] == int(number.replace(",", "")), (reader, query)
            rate, first, missing, hand_overs = answer.context["figures"]
            assert rate.basis.startswith(f"{rows_behind(user, rate.href):,} of ")
            assert first.basis.startswith(f"of {rows_behind(user, first.href):,} case")
            assert missing.value == f"{rows_behind(user, missing.href):,}"
            assert int(hand_overs.value) == sum(
                number for query, number in totals.items() if "of=handed_over" in query
            )
            check_files(signed_in(user), answer.content.decode(), dice.sample(sorted(totals.items()), 8))


def check_files(client, page, totals):
    """The file of each table holds the numbers of the page, and the file behind a number as many rows as it says."""
    for query, number in totals:
        answer = client.get(f"{reverse('reports:cases_csv')}?{query.replace('&amp;', '&')}")
        # Agents take no cases with them.
        assert answer.status_code == 404 or len(csv_rows(answer)) == number + 1, query
    files = [link.replace("&amp;", "&") for link in re.findall(r'href="(/reports/export/table[^"]*)"', page)]
    in_files = [cell for link in files for row in csv_rows(client.get(link)) for cell in row]
    assert len(files) == len(re.findall(r"<table[^>]* id=", page)) > 1
    on_page = Counter(number.replace(",", "") for _query, number in LINKED.findall(page))
    assert on_page - Counter(in_files) == Counter()


def csv_rows(answer):
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


def rows_behind(user, query):
    """The length of a list, walked page by page; its total says the same on each."""
    query = QueryDict(query.replace("&amp;", "&").rpartition("?")[2])
    period, filters = read_period(query, NOW, ZONE), read_narrowed(query, user)
    behind, after, rows = list_behind(user, period, filters, query, now=NOW), "", []
    while True:
        page = fetch_page(behind, user, after, 9, zone=ZONE)
        rows += page.rows
        if not page.after:
            assert len(rows) == page.total
            return page.total
        after = page.after
