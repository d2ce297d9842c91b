"""Two posts of one customer, 200 times, by the starter rules: joined or parted as a person would.

Nothing here needs the database: the page is taken in memory.
"""

from __future__ import annotations

import functools
from pathlib import Path

from inbox.ingest.customers import CustomerStanding, PageAuthor
from inbox.ingest.header import PageDepartment, PageHeader
from inbox.ingest.intake import Intake
from inbox.ingest.storable import make_storable
from routing.rules.engine import CompiledRules, compile_rules
from routing.rules.starter import STARTER_DEPARTMENTS, starter_snapshot
from tests.factories import NOW
from tests.inbox.fake_connector import message

PAIRS = [
    line.split("\t")
    for line in Path(__file__).with_name("pairs_of_posts.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
DEPARTMENTS = tuple(
    PageDepartment(n, slug, name, is_open=True)
    for n, (slug, name) in enumerate(STARTER_DEPARTMENTS.items(), 1)
)
HEADER = PageHeader("mentions", 1, "x", "9000", NOW.replace(year=2020), "ok", DEPARTMENTS)


@functools.cache
def starter_rules() -> CompiledRules:
    return compile_rules(starter_snapshot())


def take(*texts: str) -> Intake:
    """Take one post of each text in one page, all by one customer, each without a thread in common."""
    authors = {"1001": PageAuthor(1, CustomerStanding(1))}
    page = Intake(HEADER, starter_rules(), NOW, authors, {}, {}, [])
    posts = [message(f"m{n}", text, minute=90 - n) for n, text in enumerate(texts)]
    page.take_messages(make_storable(post, HEADER.own_id, NOW) for post in posts)
    return page


def test_two_hundred_pairs_are_joined_or_parted_as_a_person_would():
    assert len(PAIRS) >= 200
    assert len({language for _, language, _, _ in PAIRS}) == 5
    wrong = [
        (right, first, second)
        for right, _, first, second in PAIRS
        if (len(take(first, second).opened) == 1) != (right == "same")
    ]
    assert len(wrong) <= len(PAIRS) // 10, wrong


def test_what_is_urgent_is_never_left_in_a_case_of_noise():
    noise = [first for _, _, first, _ in PAIRS if not take(first).opened[0].needs_answer]
    urgent = [second for _, _, _, second in PAIRS if take(second).opened[0].priority > 0]
    assert len(noise) >= 10
    assert len(urgent) >= 10
    for first in noise:
        for second in urgent:
            page = take(first, second)
            case = page.messages[-1].case
            assert case is not page.messages[0].case, (first, second)
            assert case.priority > 0
            assert DEPARTMENTS[case.department_id - 1].slug != "spam"
