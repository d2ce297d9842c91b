"""The page of the horseshoe: what it shows, to whom, with many cases, few and none; each number with its list."""

from __future__ import annotations

import datetime as dt
import random
import re

import pytest
import time_machine
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Role, Shift
from reports.behind.numbers import list_behind
from reports.charts.horseshoe import Slice, horseshoe_chart, wrap_words
from reports.dashboards.part_times import Scale, round_shares, round_together
from reports.filters import read_narrowed
from reports.measures.horseshoe import FEWEST
from reports.periods import read_period
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in
from tests.markup import squeezed
from tests.reports.stories import ZONE
from tests.reports.test_year import READERS, Year, rows_behind
from tests.reports.ways import DAY, MINUTE, tell, walk

pytestmark = pytest.mark.django_db
ADDRESS = reverse("reports:horseshoe")
NAMES = ("Customer service", "Billing", "Technical support", "Sales", "Marketing", "Press")
#: A number that is a link to its list: in a table, or in a foot with its word.
LINKED = re.compile(
    r'<a href="/reports/cases/\?([^"]*)"(?: title="[^"]*")?>(?:<b class="num">)?([0-9,]+)(?: [a-z ]+)?</'
)


@pytest.fixture(autouse=True)
def _today(settings):
    settings.DISPLAY_TIME_ZONE = str(ZONE)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def departments():
    return [DepartmentFactory(name=name) for name in NAMES]


@pytest.fixture
def manager(departments):
    return UserFactory(role=Role.MANAGER, departments=departments)


@pytest.fixture
def brand():
    return BrandAccountFactory()


def context_of(user, query=""):
    return signed_in(user).get(f"{ADDRESS}?{query}").context


def page_of(user, query=""):
    return squeezed(signed_in(user).get(f"{ADDRESS}?{query}").content.decode())


def text_of(cell):
    return re.sub("<[^>]*>", "", cell)


def numbers_of(page):
    """The counts that are links; a time that is one has its own test."""
    return [(query, number) for query, number in LINKED.findall(page) if "part=" not in query]


def test_nothing_is_said_with_nothing(manager):
    page = page_of(manager)
    assert "0 cases changed department and closed: too few for a median." in page
    assert "Nothing was handed over in this time" in page and "– without closure" in page
    assert "What changed, and what to change" not in page


def test_one_case_has_no_median_and_still_counts(manager, departments, brand):
    service, billing = departments[:2]
    walk(NOW - 3 * DAY, [(service, 1, 5), (billing, 30, 10)], brand=brand, answer=2)
    page = page_of(manager, "time=clock")
    assert ">few</text>" in page and "1 case; a median from 5 on" in page and 'class="empty"' in page
    assert '<b class="num">1</b><span class="num">few</span>' in page
    assert "0 of 1 without closure" in page


def test_the_parts_of_five_cases_are_those_of_the_middle_one(manager, departments, brand):
    service, billing = departments[:2]
    agent = UserFactory(departments=[billing])
    for n in range(FEWEST):
        steps = [(service, 1, 4 + n), (billing, 20 + n, 10 * n + 1)]
        walk(NOW - 3 * DAY + n * MINUTE, steps, brand=brand, author=agent, answer=2 + n)
    context = context_of(manager, "time=clock")
    shown = [(row["label"], text_of(row["now"]), row["share"]) for row in context["parts"]]
    assert shown == [
        ("Front line", "7 min", "13%"), ("Customer service", "7 min", "13%"),
        ("Not yet accepted", "22 min", "41%"), ("to Billing", "22 min", "41%"),
        ("Departments at work", "21 min", "39%"), ("Billing", "21 min", "39%"),
        ("Way back", "4 min", "7%"), ("Answer to closure", "4 min", "7%"), ("Post to closure", "54 min", "100%"),
    ]  # fmt: skip
    assert context["centre"]["gap"] == "29 min in the gap, 54%"
    # Mondays to Fridays from nine to five is what the starter policies count; without a policy the clock counts.
    assert [text_of(row["now"]) for row in context_of(manager)["parts"]] == [now for _, now, _ in shown]


def test_every_number_is_the_length_of_its_list(manager, departments, brand):
    dice = random.Random(3)
    for weeks in (2, 4):
        tell(dice, departments, brand=brand, author=manager, since=NOW - weeks * 7 * DAY, days=12, count=40)
    page = signed_in(manager).get(f"{ADDRESS}?period=last-2-weeks&time=clock").content.decode()
    numbers = numbers_of(page)
    assert len(numbers) > 25
    for query, number in numbers:
        assert rows_behind(manager, query) == int(number.replace(",", "")), query


def test_a_part_is_the_average_over_its_list(manager, departments, brand):
    tell(random.Random(3), departments, brand=brand, author=manager, since=NOW - 14 * DAY, days=12, count=40)
    context = context_of(manager, "period=last-3-weeks&time=clock")
    for row in context["parts"]:
        query = QueryDict(row["href"].partition("?")[2])
        period = read_period(query, NOW, ZONE)
        behind = list_behind(manager, period, read_narrowed(query, manager), query, now=NOW)
        spans = behind.units[1][2]
        mean = sum(spans, dt.timedelta()) / len(spans)
        shown = re.fullmatch(r"(?:(\d+) h )?(\d+)(?: min)?", text_of(row["now"]))
        assert abs(mean - (int(shown[1] or 0) * 60 + int(shown[2])) * MINUTE) <= MINUTE, row


@pytest.mark.slow
def test_random_histories_count_the_same_on_the_page_and_behind_it():
    year = Year(77, 120)
    for reader in READERS.values():
        user = year.person(reader)
        page = signed_in(user).get(f"{ADDRESS}?period=last-26-weeks").content.decode()
        for query, number in numbers_of(page):
            assert rows_behind(user, query) == int(number.replace(",", "")), (reader, query)


def test_a_manager_sees_the_ways_of_their_own_departments_alone(departments, brand):
    service, billing, technical = departments[:3]
    for n in range(6):
        walk(NOW - 3 * DAY + n * MINUTE, [(service, 1, 4), (billing, 9, 9)], brand=brand, answer=2)
    mine, other = (UserFactory(role=Role.MANAGER, departments=[each]) for each in (billing, technical))
    assert context_of(mine)["count"] == "6 cases"
    assert context_of(other)["count"] == "0 cases"
    assert context_of(UserFactory(role=Role.ADMINISTRATOR))["count"] == "6 cases"
    # The hand-overs out of one's departments are one's numbers, though the cases are not.
    sender = UserFactory(role=Role.MANAGER, departments=[service])
    context = context_of(sender)
    assert (context["count"], context["matrix"]["count"]) == ("0 cases", "6 hand-overs")


def test_a_list_leads_back_to_the_horseshoe(manager):
    answer = signed_in(manager).get(
        reverse("reports:cases"), {"of": "way", "period": "last-4-weeks", "time": "clock"}
    )
    assert answer.context["back"] == f"{ADDRESS}?period=last-4-weeks&time=clock"
    assert (
        signed_in(manager).get(reverse("reports:cases"), {"of": "way", "part": "nonsense"}).status_code == 404
    )
    assert (
        signed_in(manager).get(reverse("reports:cases"), {"of": "came_back", "pair": "1-0"}).status_code
        == 404
    )


def test_direct_messages_are_not_in_an_analysts_numbers(departments, brand):
    service, billing = departments[:2]
    for n in range(6):
        visibility = "direct" if n else "public"
        walk(NOW - 3 * DAY, [(service, 1, 4), (billing, 9, 9)], brand=brand, visibility=visibility)
    analyst = UserFactory(role=Role.ANALYST, departments=departments)
    context = context_of(analyst)
    assert (context["count"], context["opening"]["without"]) == ("1 case", "1 customer")


def test_who_sees_only_where_cases_ended_is_shown_no_share_of_a_rule(departments, brand):
    service, billing = departments[:2]
    for n in range(12):
        walk(NOW - (n + 2) * DAY, [(service, 1, 5), *([(billing, 1, 5)] if n < 6 else [])], brand=brand)
    everybody, agent = UserFactory(role=Role.ADMINISTRATOR), UserFactory(departments=[billing])
    of_all, of_one = (context_of(user)["turns"]["rows"][0] for user in (everybody, agent))
    assert (of_all["sent"], of_all["wrong"], of_all["share"]) == ("12", "6", "50%")
    assert (of_one["sent"], of_one["wrong"], of_one["share"], of_one["is_bad"]) == ("6", "6", "–", False)
    assert "so no share is shown for a rule" in page_of(agent)
    assert context_of(everybody, f"department={billing.pk}")["turns"]["is_partial"]


def test_who_wrote_a_minute_ago_is_too_early_to_say(departments, brand):
    administrator = UserFactory(role=Role.ADMINISTRATOR)
    for ago in (2 * MINUTE, 3 * DAY):
        walk(NOW - ago, [(departments[0], 1, 1)], brand=brand, closes=False)
    old = walk(NOW - 5 * MINUTE, [(departments[0], 1, 1)], brand=brand)
    opening = context_of(administrator)["opening"]
    assert (opening["without"], opening["waiting"], opening["unripe"]) == ("3 customers", "2", "1")
    rows = signed_in(administrator).get(opening["unripe_href"])
    assert rows.context["total"] == 1 and "less than the longest promised response" in rows.content.decode()
    assert "1 too early to say" in page_of(administrator)
    assert old.closed_at is not None


def test_a_slow_weekday_is_named_with_the_rosters_gap(manager, departments):
    service, billing = departments[:2]
    brand = BrandAccountFactory(time_zone=str(ZONE))
    monday = NOW.replace(hour=10, minute=0) - NOW.weekday() * DAY - 14 * DAY
    person = UserFactory(departments=[billing])
    Shift.objects.create(
        brand_account=brand, weekday=0, starts_at=dt.time(11), ends_at=dt.time(17), primary=person
    )
    for n in range(6):
        walk(monday + n * MINUTE, [(service, 1, 4), (billing, 180 + n, 9)], brand=brand, answer=2)
        walk(
            monday + DAY * (1 + n % 3) + n * MINUTE,
            [(service, 1, 4), (billing, 40, 9)],
            brand=brand,
            answer=2,
        )
    sentence = context_of(manager, "period=last-4-weeks")["sentences"][0]
    assert sentence.bold == (
        "Hand-overs from Customer service to Billing waited 3 h 02 on Mondays, 4 times as long as on other days (40 min):"
    )
    assert (
        sentence.rest
        == "nobody from Billing is on the roster before 11:00 on Mondays. 6 of them were sent on Mondays."
    )
    assert sentence.link == "12 hand-overs"


def test_no_sentence_without_enough_cases(manager, departments, brand):
    service, billing = departments[:2]
    monday = NOW.replace(hour=10, minute=0) - NOW.weekday() * DAY - 14 * DAY
    for n in range(3):
        walk(monday + n * MINUTE, [(service, 1, 4), (billing, 180 + n, 9)], brand=brand)
        walk(monday + DAY + n * MINUTE, [(service, 1, 4), (billing, 40, 9)], brand=brand)
    assert context_of(manager, "period=last-4-weeks")["sentences"] == []


def test_the_hand_overs_address_leads_to_the_lower_half(manager):
    answer = signed_in(manager).get(reverse("reports:hand_overs"), {"period": "last-4-weeks"})
    assert answer.status_code == 302
    assert answer["Location"] == f"{ADDRESS}?period=last-4-weeks#hand-overs"


def test_it_takes_as_many_statements_for_ninety_cases_as_for_thirty(manager, departments, brand):
    client, counts = signed_in(manager), []
    for seed, count in ((1, 30), (2, 60)):
        tell(
            random.Random(seed),
            departments,
            brand=brand,
            author=manager,
            since=NOW - 14 * DAY,
            days=12,
            count=count,
        )
        counts.append(count_statements(client, f"{ADDRESS}?period=last-3-weeks"))
    # A sentence that has its evidence now may take one more.
    assert counts[1] - counts[0] <= 2 and counts[1] <= 20


@pytest.mark.parametrize(
    "minutes", [[3, 5, 6, 9, 1, 8, 15, 11, 2, 4, 5], [0.4, 0.4, 0.4], [0, 0], [61.5, 0.5]]
)
def test_rounded_parts_add_up(minutes):
    times = {n: one * MINUTE for n, one in enumerate(minutes)}
    together = round_together(times, MINUTE)
    assert sum(together.values(), dt.timedelta()) == Scale(MINUTE, False).round(
        sum(times.values(), dt.timedelta())
    )
    assert all(abs(together[n] - times[n]) < MINUTE for n in times)
    assert sum(round_shares(times).values()) in ({100} if sum(minutes) else {0})


@pytest.mark.parametrize("seed", range(8))
def test_labels_never_meet(seed):
    """With any number of parts and names of any length."""
    dice = random.Random(seed)
    names = ["Press", "Spare parts and repairs abroad", "Kundenbetreuungsabteilung", "部門サポート窓口案内係"]
    slices = [
        Slice(
            "work", dice.choice((0.1, 1, 30)), dice.choice(names), "not accepted, 12 h 05 ▲ 1 h 09", "t", "/"
        )
        for _ in range(dice.choice((1, 5, 12, 40)))
    ]
    chart = horseshoe_chart(slices, dice.choice((0, 0.1, 1)), [("work", 1.0)], 0.2)
    for side in (True, False):
        heights = sorted(
            y for arc in chart.arcs if arc.label and arc.label.is_left is side
            for _, y in (*arc.label.names, *arc.label.details)
        )  # fmt: skip
        assert all(after - before >= 15 for before, after in zip(heights, heights[1:], strict=False))
        assert all(100 < y <= 590 for y in heights)
    assert len(chart.arcs) == len(slices)
    assert any(arc.label for arc in chart.arcs)


def test_words_are_broken_into_lines_that_fit():
    assert wrap_words("Customer service", 22) == ("Customer service",)
    assert wrap_words("Spare parts and repairs abroad", 12) == ("Spare parts", "and repairs", "abroad")
    assert wrap_words("Kundenbetreuung", 6) == ("Kunden", "betreu", "ung")


def test_drawing_and_tables_leave_the_house(manager, departments, brand):
    tell(random.Random(3), departments, brand=brand, author=manager, since=NOW - 14 * DAY, days=12, count=40)
    client, query = signed_in(manager), "board=horseshoe&period=last-3-weeks&time=clock"
    for chart, words in (("horseshoe-chart", "without closure"), ("scale-chart", "now")):
        picture = client.get(f"/reports/export/chart.svg?{query}&chart={chart}").content.decode()
        assert picture.startswith("<?xml") and words in picture
        assert (
            ".front" in picture
            and ".shoe.wide { display" not in picture
            and "<a " not in picture
            and "var(" not in picture
        )
    rows = context_of(manager, query)["parts"]
    lines = (
        b"".join(client.get(f"/reports/export/table.csv?{query}&table=parts-table"))
        .decode("utf-8-sig")
        .splitlines()
    )
    assert lines[0].startswith("Part,Now (s),Share")
    assert len(lines) == len(rows) + 1
    parts = [int(line.split(",")[1]) for line, row in zip(lines[1:], rows, strict=True) if row.get("is_sum")]
    assert sum(parts[:-1]) == parts[-1]
    for table in ("pairs-table", "turns-table"):
        assert client.get(f"/reports/export/table.csv?{query}&table={table}").status_code == 200
