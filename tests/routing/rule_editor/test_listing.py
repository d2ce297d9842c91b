"""The list of many rules: a page at a time, found by words, and moved across pages."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from accounts.models import Role
from routing.models import Rule, RuleSetVersion
from routing.rules import versions
from tests.factories import NOW, UserFactory
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed

RULES = "/rules/"


def many(company, count):
    """So many rules of alternating departments behind the two that are there; “Number 7” asks for the word “seven7”."""
    Rule.objects.bulk_create(
        Rule(
            key=uuid.uuid4(), position=10 + number, name=f"Number {number}", tags=[f"tag{number}"],
            condition={"any": [{"field": "words", "any": [f"seven{number}", f"other {number}"]}]},
            department=company.billing if number % 2 else company.service,
        )
        for number in range(count)
    )  # fmt: skip
    versions.publish_rules(None, "many", NOW)


@pytest.fixture
def admin(company):
    return signed_in(UserFactory(role=Role.ADMINISTRATOR))


def body(client, query=""):
    answer = client.get(f"{RULES}{query}")
    assert answer.status_code == 200
    return squeezed(answer)


def order():
    return [rule["name"] for rule in RuleSetVersion.objects.first().snapshot["rules"]]


def key(name):
    return Rule.objects.get(name=name).key


@pytest.mark.slow
def test_of_two_thousand_rules_a_page_is_shown(company, admin):
    many(company, 1998)
    shown = body(admin)
    assert len(shown.encode()) < 400_000
    assert shown.count('class="tile rule"') == 60
    assert 'data-first="1" data-total="2000"' in shown
    assert "1–60 of 2,000" in shown
    assert '<a class="btn" href="?page=2" rel="next">' in shown
    assert 'rel="prev"' not in shown
    assert '<a class="btn" href="?page=34">Last</a>' in shown
    last = body(admin, "?page=34")
    assert "1,981–2,000 of 2,000" in last
    assert 'data-first="1981"' in last
    assert 'rel="next"' not in last
    assert '<span class="num place">2000</span>' in last


def test_pages_that_are_not_there_are_the_next_best(company, admin, monkeypatch):
    monkeypatch.setattr("routing.rule_editor.listing.RULES_PER_PAGE", 5)
    monkeypatch.setattr("routing.rule_editor.listing.SEARCH_FROM", 5)
    many(company, 12)
    for odd in ("0", "x", "-1", "9" * 30, ""):
        assert "1–5 of 14" in body(admin, f"?page={odd}")
    assert "11–14 of 14" in body(admin, "?page=99")


def test_few_rules_are_one_page_without_more(company, admin):
    shown = body(admin)
    assert "Pages of rules" not in shown
    assert 'type="search"' not in shown
    assert "To place" not in shown


def test_a_rule_is_shown_on_its_page(company, admin, monkeypatch):
    monkeypatch.setattr("routing.rule_editor.listing.RULES_PER_PAGE", 5)
    monkeypatch.setattr("routing.rule_editor.listing.SEARCH_FROM", 5)
    many(company, 12)
    wanted = key("Number 7")
    shown = body(admin, f"?at={wanted}")
    assert f'id="rule-{wanted}"' in shown
    assert "6–10 of 14" in shown
    assert "1–5 of 14" in body(admin, "?at=gone")


def test_a_rule_moves_across_pages_and_the_page_goes_with_it(company, admin, monkeypatch):
    monkeypatch.setattr("routing.rule_editor.listing.RULES_PER_PAGE", 5)
    monkeypatch.setattr("routing.rule_editor.listing.SEARCH_FROM", 5)
    many(company, 12)
    wanted = key("Number 7")
    assert "To place" in body(admin)
    answer = admin.post(reverse("routing:rule_move", args=[wanted]), {"to": "2"})
    assert answer["Location"] == f"{RULES}?at={wanted}#rule-{wanted}"
    assert order()[:3] == ["Refunds", "Number 7", "Faults"]
    assert f'id="rule-{wanted}"' in body(admin, f"?at={wanted}")
    # From the top of a page up: its neighbour is on the page before.
    first = order()[5]
    admin.post(reverse("routing:rule_move", args=[key(first)]), {"direction": "up"})
    assert order()[4] == first


def test_words_find_rules_wherever_they_are(company, admin, monkeypatch):
    monkeypatch.setattr("routing.rule_editor.listing.RULES_PER_PAGE", 5)
    monkeypatch.setattr("routing.rule_editor.listing.SEARCH_FROM", 5)
    many(company, 12)
    shown = body(admin, "?q=SEVEN7")
    assert "1 of 14 rules" in shown
    assert shown.count('class="tile rule"') == 1
    assert '<span class="num place">10</span>' in shown
    assert "data-sortable" not in shown
    assert "1 of 14 rules" in body(admin, "?q=tag11")
    assert "1 of 14 rules" in body(admin, "?q=number billing seven5")
    some = body(admin, "?q=number")
    assert '<a class="btn" href="?q=number&amp;page=2" rel="next">' in some
    none = body(admin, "?q=%3Cb%3Enothing")
    assert "No rules match" in none
    assert "<b>nothing" not in none


def test_what_is_odd_on_other_pages_is_said_on_each(company, admin, monkeypatch):
    monkeypatch.setattr("routing.rule_editor.listing.RULES_PER_PAGE", 5)
    monkeypatch.setattr("routing.rule_editor.listing.SEARCH_FROM", 5)
    many(company, 12)
    Rule.objects.filter(name="Number 9").update(condition=Rule.objects.get(name="Number 1").condition)
    versions.publish_rules(None, "odd", NOW)
    odd = key("Number 9")
    shown = body(admin)
    assert "1 rule that is not shown here has something odd or wrong" in shown
    assert f'<a href="{RULES}?at={odd}#rule-{odd}"><bdi>Number 9</bdi></a>' in shown
    there = body(admin, f"?at={odd}")
    assert "not shown here" not in there
    assert 'class="finding warning"' in there
