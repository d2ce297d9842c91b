"""What is a web address, with and without `http://`, and what only looks like one."""

from __future__ import annotations

import pytest

from routing.links import has_link, without_links


@pytest.mark.parametrize(
    "text",
    [
        "see https://t.co/a",
        "HTTP://EXAMPLE.ORG",
        "www.example.org",
        "the offer on kettle-club.com is over",
        "it says so on Kettles.TV",
        "bit.ly/2kettle",
        "(kettle-club.com)",
        "“kettle-club.com”, it said",
        "seen on:kettle-club.de/offer",
        "https://shop.example/kettles",
        "http://192.0.2.7/status",
        "http://sub_shop.kettle-club.com",
        "水壶kettle-club.com坏了",
        "cafés-français.com",
        "http://хлеб.рф",
        "kettle-club.com:8080/a",
    ],
)
def test_a_link(text):
    assert has_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http",
        "awww.yes",
        "mail me@example.org",
        "jo.miller+kettle@kettle-club.com",
        "#kettle.com $kettle.com @kettle.com",
        "version 3.5.1 of the app",
        "It broke.I want another",
        "It broke.You said it would not",
        "it broke.That is all",
        "open index.html or node.js",
        "e.g. at 7 p.m.",
        "http://kettle",
        "http://my_kettle.com",
        "http://kettle.com-and-more",
        "http://xn--кет.com",
        "https://t.co/" + "a" * 41,
    ],
)
def test_no_link(text):
    assert not has_link(text)


def test_links_are_left_out():
    assert without_links("see kettle-club.com/a?b=c, or https://t.co/a now").split() == ["see", "or", "now"]


@pytest.mark.parametrize(
    "unit", ["a.", "é.", "あ.", "www.", "http://a", "a.a ", "a@", "x.com-", "_.", "a" * 70 + "."]
)
def test_no_text_takes_for_ever(unit):
    assert has_link(unit * (20_000 // len(unit))) in (True, False)
