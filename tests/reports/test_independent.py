"""Every number on the boards against a count of a random year's rows by other code: figures, tables, files and lists.

`tests/reports/independent` makes the year and counts it: from a dump of the tables, by the definitions of docs/metrics.md, with
nothing of the product imported. The suite takes a small year; `--full` one of 50,000 cases (docs/proofs.md).
"""

from __future__ import annotations

import ast
import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from config.testing.quick import choose_size
from reports.models import TopicWeek
from reports.presence.counting import count_account_figures
from reports.rollups.building import build_next
from reports.topics.refreshing import refresh_topics
from reports.topics.rising import count_due_weeks
from tests.factories import NOW
from tests.inbox.page_requests import signed_in
from tests.reports.independent import pages
from tests.reports.independent.company import ZONES
from tests.reports.independent.horseshoe_board import Ways, count_horseshoe_board
from tests.reports.independent.hours_board import count_hours
from tests.reports.independent.outcomes_board import count_outcomes_board
from tests.reports.independent.pages import Page
from tests.reports.independent.records import Filters, Records
from tests.reports.independent.response_board import (
    Question,
    count_accounts,
    count_people,
    count_register,
    count_response_board,
)
from tests.reports.independent.storing import Company
from tests.reports.independent.targets_board import count_service_levels_board
from tests.reports.independent.today_board import count_today_board
from tests.reports.independent.topics_board import count_topics
from tests.reports.independent.words import read_span

pytestmark = pytest.mark.django_db
PERIODS = (
    "last-52-weeks", "last-8-weeks", "2026-03", "2026-10", "2026-W13", "2026-W44", "2026-03-02..2026-04-12",
    "2026-09-21..2026-11-08", "2025-12-20..2026-01-10", "2026-Q2",
)  # fmt: skip


PEOPLE_COLUMNS = ("Open now", "Answers", "First response, median", "Opened again", "Promises kept")
ACCOUNT_COLUMNS = ("Needed an answer", "Answered", "Not answered", "Rate", "Change", "Median")


class Comparison:
    """Compares one page after the other, and counts."""

    def __init__(self, company: Company, dice: random.Random, links: int):
        self.company, self.dice, self.links = company, dice, links
        self.records = Records(pages.dump_tables())
        self.ways = Ways(self.records, NOW)
        self.compared, self.differences = Counter(), []

    def compare(self, where: str, what: str, shown: object, right: object) -> None:
        self.compared[where] += max(len(right), 1) if isinstance(right, list) else 1
        if shown != right:
            self.differences.append((where, what, shown, right))

    def compare_table(self, where: str, what: str, shown: list, right: list) -> None:
        self.compare(where, f"{what}, rows", [row[0] for row in shown], [row[0] for row in right])
        for row, right_row in zip(shown, right, strict=False):
            self.compare(where, what, row, right_row)

    def look(self, user, zone: str, token: str, filters: dict) -> None:
        self.client, self.query = signed_in(user), {"period": token, **filters}
        self.where = f"{user.role}, {zone}, {token}, {filters}"
        own = {name: set(values) for name, values in filters.items()}
        reader = self.records.reader(user.pk)
        self.question = Question(
            self.records, reader, read_span(token, NOW, ZoneInfo(zone)), Filters(**own), NOW
        )
        self._response({}, self.question, "arrivals")
        business = replace(self.question, hours_of=self.ways.hours_of)
        self._response({"time": "business"}, business, self.dice.choice(("answers", "waits")))
        self._outcomes()
        self._service_levels()
        self._today()
        for in_business_time in (True, False):
            self._horseshoe(in_business_time)
        self._accounts()
        self._people(user)
        if user.role != "agent":
            self._register()

    def _page(self, name: str, *args, **query) -> Page:
        answer = self.client.get(reverse(f"reports:{name}", args=args), self.query | query)
        assert answer.status_code == 200, (name, self.where)
        page = Page(answer.content.decode())
        self._check_links(name, page)
        self._check_files(name, page)
        return page

    def _check_links(self, board: str, page: Page) -> None:
        """Open the lists behind some numbers: each holds as many as its number says, and so does its file."""
        counted = page.counted_links()
        for number, address in self.dice.sample(counted, min(self.links, len(counted))):
            self.compare(
                board, f"list {address}, {self.where}", pages.total_of_list(self.client, address), number
            )
            if number < 2000 and self.dice.random() < 0.3:
                answer = self.client.get(address.replace("/reports/cases/", reverse("reports:cases_csv")))
                # Agents take no files of cases with them.
                rows = len(pages.read_csv(answer)) - 1 if answer.status_code == 200 else number
                self.compare(board, f"file of {address}, {self.where}", rows, number)

    def _check_files(self, board: str, page: Page) -> None:
        for address in pages.export_addresses(page.text, "table.csv")[: max(self.links, 1)]:
            key = address.split("table=")[1].split("&")[0]
            header, *rows = pages.read_csv(self.client.get(address))
            for row, shown in zip(rows, page.tables[key], strict=True):
                in_file = dict(zip(header, row, strict=True))
                # Spans are seconds there, "4 of 9" are two columns: only plain numbers are compared.
                for name, words in zip(page.heads[key], shown, strict=False):
                    if name in in_file and words.replace(",", "").isdigit():
                        what = f"file of {key}, {self.where}"
                        self.compare(board, what, in_file[name], words.replace(",", ""))

    def _response(self, more: dict[str, str], question: Question, hours_of: str) -> None:
        page = self._page("dashboard", **more, hours_of=hours_of)
        right = count_response_board(question) | {"hours-table": count_hours(question, hours_of)}
        again = " ".join(" ".join(right.pop("opened again")).split())
        self.compare("response", f"opened again, {self.where}", again in pages.squeeze(page.text), True)
        for n, figure in enumerate(right.pop("figures")):
            self.compare("response", f"figure {n}, {self.where}", page.figures()[n], figure)
        routed = [link[0].split()[0] for link in page.links if "of=routed" in link[1]]
        self.compare("response", f"routed, {self.where}", routed, right.pop("routed"))
        for key, rows in right.items():
            self.compare_table("response", f"{key}, {self.where}", page.tables.get(key, []), rows)

    def _outcomes(self) -> None:
        page, right = self._page("outcomes"), count_outcomes_board(self.question)
        self.compare_table("outcomes", f"figures, {self.where}", page.figures(), right.pop("figures"))
        right["topics-table"] = count_topics(self.question)
        for key, rows in right.items():
            self.compare_table("outcomes", f"{key}, {self.where}", page.tables.get(key, []), rows)

    def _service_levels(self) -> None:
        page, right = self._page("service_levels"), count_service_levels_board(self.question)
        for key, rows in (("figures", right.pop("figures")), *right.items()):
            shown = page.figures() if key == "figures" else page.tables.get(key, [])
            self.compare_table("service levels", f"{key}, {self.where}", shown, rows)

    def _today(self) -> None:
        page, right = self._page("today"), count_today_board(self.question)
        for n, (label, value, notes) in enumerate(right.pop("figures")):
            shown = page.ruled_figures()[n]
            self.compare("today", f"{label}, {self.where}", shown[:2], [label, value])
            # Who has waited longest is named before.
            self.compare("today", f"{label}, notes, {self.where}", shown[2][-len(notes) :], notes)
        urgent = page.columns("urgent-table", "Department", "With", "Waiting", "Target")
        self.compare_table(
            "today", f"urgent, {self.where}", [row[1:] for row in urgent], right.pop("urgent-table")
        )
        for key, rows in right.items():
            self.compare_table("today", f"{key}, {self.where}", page.tables.get(key, []), rows)

    def _horseshoe(self, in_business_time: bool) -> None:
        more = {} if in_business_time else {"time": "clock"}
        page = self._page("horseshoe", **more)
        right = count_horseshoe_board(self.question, self.ways, in_business_time=in_business_time)
        self._compare_drawing(page, right)
        for key, rows in right.items():
            what = f"{key}, {self.where}, {in_business_time}"
            self.compare_table("horseshoe", what, page.tables.get(key, []), rows)

    def _compare_drawing(self, page: Page, right: dict) -> None:
        by_address = {}
        for text, address in page.links:
            by_address.setdefault(address.split("of=")[-1], text)
        without, customers, in_public, waiting, _ = right.pop("closure")
        shown = [by_address["no_closure"], by_address["no_closure&public=yes"].split()[0], by_address["no_closure&open=yes"].split()[0]]  # fmt: skip
        self.compare("horseshoe", f"closure, {self.where}", shown, [without, in_public, waiting])
        self.compare("horseshoe", f"count, {self.where}", [by_address["way"]], right.pop("count"))
        self.compare(
            "horseshoe", f"customers, {self.where}", f"of {customers}," in " ".join(page.text.split()), True
        )
        for words in right.pop("centre"):
            self.compare("horseshoe", f"centre: {words}, {self.where}", words in page.text, True)

    def _accounts(self) -> None:
        page, right = self._page("brand_accounts"), count_accounts(self.question)
        *rows, everything = page.columns("accounts-table", *ACCOUNT_COLUMNS) or [[]]
        shown = [[row[0].rsplit(" ", 1)[0], *row[1:]] for row in rows if row[1] != "0"]
        self.compare_table("brand accounts", self.where, sorted(shown), right["accounts"])
        if everything:
            self.compare(
                "brand accounts", f"all, {self.where}", ["", *everything[1:]], right["all accounts"][0]
            )

    def _register(self) -> None:
        """Compare the presence review: the same for every reader, of 13 weeks, whatever is selected elsewhere."""
        page = Page(self.client.get(reverse("reports:presence")).content.decode())
        right = count_register(self.records, NOW)
        for name, *shown in page.columns("tall", "Messages", "Answered"):
            self.compare("presence review", f"{name}, {self.where}", shown, right[name.rsplit(" ", 1)[0]])

    def _people(self, user) -> None:
        page, reader = self._page("people"), self.question.reader
        rows = page.columns("people-table", *PEOPLE_COLUMNS)
        team = {user.pk}.union(*(self.records.members[pk] for pk in reader.managed))
        names = {str(person): person.pk for person in [user, *self.company.agents] if person.pk in team}
        for name, *row in rows[: len(team)]:
            pk = next(
                (names[known] for known in names if name == known or name.startswith(f"{known} ")), None
            )
            if pk is not None:
                right = count_people(self.question, {pk})["row"]
                self.compare("people", f"row of {name}, {self.where}", row, right)
        if user.role != "manager":
            return
        self.compare("people", f"all, {self.where}", rows[-1][1:], count_people(self.question, team)["row"])
        pk = self.dice.choice(sorted(team))
        page, right = self._page("person", pk), count_people(self.question, {pk})
        # The last one is the time on point, of which this company has none.
        self.compare_table("people", self.where, page.figures()[:-1], right["figures"])
        self.compare_table("people", self.where, page.tables["answers-table"], right["answers-table"])

    def report(self, capsys, seed: int, started: float) -> None:
        numbers = ", ".join(f"{board} {count:,}" for board, count in sorted(self.compared.items()))
        with capsys.disabled():
            print(
                f"\nseed {seed}: {len(self.records.by_id):,} cases; compared {self.compared.total():,} numbers ({numbers}); "
                f"{len(self.differences):,} differ; {time.monotonic() - started:.1f} s"
            )
        assert not self.differences, "\n".join(map(str, self.differences[:20]))


def choose_filters(dice: random.Random, company: Company, user) -> dict:
    """Return what narrows the numbers: mostly nothing, often one thing, sometimes two."""
    readable = company.departments[1:3] if user.role in ("manager", "agent") else company.departments[1:5]
    choices = {
        "network": ["x"], "account": [dice.choice(company.brands).pk], "tag": ["refund"], "language": ["de"],
        "priority": [1, 2], "department": [dice.choice(readable[:1]).pk],
    }  # fmt: skip
    return {name: choices[name] for name in dice.sample(sorted(choices), dice.choice((0, 0, 0, 1, 1, 2)))}


def compare_company(capsys, settings, seed: int, size: int, zones, looks: int, links: int) -> None:
    started, dice = time.monotonic(), random.Random(seed)
    company = Company(seed, size)
    comparison = Comparison(company, dice, links)
    readers = company.readers()
    comparison.records = Records(pages.dump_tables())
    comparison.ways = Ways(comparison.records, NOW)
    count_account_figures(NOW)
    for zone in zones:
        settings.DISPLAY_TIME_ZONE = zone
        with time_machine.travel(NOW, tick=False):
            prepare_rollups()
            for user in readers.values() if looks > 1 else dice.sample(list(readers.values()), 1):
                for n, token in enumerate(dice.sample(PERIODS, looks)):
                    filters = choose_filters(dice, company, user) if n else {}
                    comparison.look(user, zone, token, filters)
                    if size > 5000:
                        # By hand it takes a while: say how far it is.
                        print(
                            f"{comparison.where}: {comparison.compared.total():,}, {len(comparison.differences)} differ"
                        )
    comparison.report(capsys, seed, started)


def prepare_rollups() -> None:
    while build_next(waits=True):
        pass
    while refresh_topics():
        pass
    # The weeks of one zone are not those of another.
    TopicWeek.objects.update(is_stale=True, counted_at=None)
    count_due_weeks(NOW, most=100)


@pytest.mark.slow
def test_every_number_is_what_the_rows_say(capsys, settings):
    size, looks, links = choose_size((150, 1, 1), full=(50_000, 2, 2))
    compare_company(capsys, settings, 2011, size, ZONES if looks > 1 else ZONES[:1], looks, links)


@pytest.mark.slow
def test_every_number_of_a_year_that_nobody_has_seen(capsys, settings):
    seed = random.SystemRandom().randrange(10**6)
    compare_company(
        capsys, settings, seed, choose_size(150, full=1500), [random.Random(seed).choice(ZONES)], 1, 2
    )


def test_the_count_imports_nothing_of_the_product():
    here = Path(__file__).parent / "independent"
    for name in (
        "records",
        "words",
        "opening_hours",
        "response_board",
        "horseshoe_board",
        "hours_board",
        "outcomes_board",
        "targets_board",
        "today_board",
        "topics_board",
    ):
        for node in ast.walk(ast.parse((here / f"{name}.py").read_text())):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []  # fmt: skip
            for module in modules:
                own = module.startswith("tests.reports.independent.")
                assert own or module.split(".")[0] not in ("django", "tests", "reports", "inbox", "accounts", "routing", "wording"), (name, module)  # fmt: skip
