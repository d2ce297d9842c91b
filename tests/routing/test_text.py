"""What is read from a text alone: emoji only, a link, how many words."""

from __future__ import annotations

import pytest

from routing.text import _TOKEN, count_words, fold_text, has_link, is_emoji_only, tokenize


@pytest.mark.parametrize("text", ["🔥", "😍😍 ❤️", "@brand 🔥", "👨‍👩‍👧", "🇩🇪!!", "👍🏽", "1️⃣ 🔥"])
def test_nothing_but_emoji(text):
    assert is_emoji_only(text)


@pytest.mark.parametrize("text", ["", "!!!", "ok 🔥", "7 🔥", "é", "@brand", "退款 🔥", ":-)"])
def test_more_than_emoji(text):
    assert not is_emoji_only(text)


@pytest.mark.parametrize("text", ["see https://t.co/a", "HTTP://EXAMPLE.ORG", "www.example.org"])
def test_a_link(text):
    assert has_link(text)


@pytest.mark.parametrize("text", ["", "http", "awww.yes", "mail me@example.org"])
def test_no_link(text):
    assert not has_link(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("@brand where is my parcel?", 4),
        ("I can't, it's well-known", 4),
        ("look https://t.co/abc 🔥", 1),
        ("退款", 2),
        ("7 days", 2),
    ],
)
def test_words_are_counted_without_handles_and_links(text, count):
    assert count_words(text) == count


def test_plain_text_is_cut_as_any_other_text_would_be():
    text = "Hello_there I'm @brand: #1 charged TWICE!! http://a.b/c?d=e_f 9.50"
    assert tokenize(text) == tuple(_TOKEN.findall(fold_text(text)))
