"""What a query finds in a text, and what is marked: compared in Python as Postgres compares it."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.search_words.lexemes import index_text
from inbox.search_words.query import parse_search
from inbox.search_words.snippets import build_snippet, find_matches
from routing.letters import fold_text
from routing.pieces import cut_pieces, cut_words
from routing.text import tokenize


def matches(query, text):
    """Return whether Postgres finds the text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s::tsvector @@ %s::tsquery", [index_text(text), parse_search(query).as_tsquery()]
        )
        return cursor.fetchone()[0]


def marked(query, text):
    return [text[begin:end] for begin, end in find_matches(text, parse_search(query))]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "query", "hits"),
    [
        ("Une théière fêlée", "theiere", ["théière"]),
        ("Une the\u0301ie\u0300re", "THÉIÈRE", ["the\u0301ie\u0300re"]),
        ("Grüße aus Gießen", "giessen", ["Gießen"]),
        ("ｋｅｔｔｌｅ, 𝐤𝐞𝐭𝐭𝐥𝐞, ket\u00adtle", "kettle", ["ｋｅｔｔｌｅ", "𝐤𝐞𝐭𝐭𝐥𝐞", "ket\u00adtle"]),
        ("an eﬀort", "effort", ["eﬀort"]),
        ("smørrebrød", "smorrebrod", ["smørrebrød"]),
        ("我想退货，可以吗", "退货", ["退货"]),
        ("荷物が届かない", "届かない", ["届かない"]),
        ("このカメラは動かない", "カメラ", ["カメラ"]),
        ("배송이 늦어요", "배송", ["배송"]),
        ("배송이 늦어요", "늦", ["늦"]),
        ("ขอคืนเงินด้วยค่ะ", "คืนเงิน", ["คืนเงิน"]),
        ("मेरा पैसा कहाँ है", "पैसा", ["पैसा"]),
        ("طَلَبِي تأخّـــر", "طلبي", ["طَلَبِي"]),
        ("Order TP-2025-4471 is late", "4471", ["4471"]),
        ("Order TP-2025-4471 is late", "2025-4471", ["2025-4471"]),
        ("Order TP-2025-4471 is late", "tp 4471", ["TP", "4471"]),
        ("Order TP-2025-4471 is late", "TP-2025-44", ["TP-2025-4471"]),
        ("Order TP58213 is late", "58213", ["58213"]),
        ("Order TP58213 is late", "8213", ["58213"]),
        ("Order TP58213 is late", "TP-58213", ["TP58213"]),
        ("Order TP-58213 is late", "TP58213", ["TP-58213"]),
        ("model GX-510LE", "gx-510", ["GX-510"]),
        ("file 040/77120", "77120", ["77120"]),
        ("firmware 4.2.1", "4.2", ["4.2"]),
        ("late/lost/broken", "lost", ["lost"]),
        ("ask ann_baker or al@tea.example", "baker", ["baker"]),
        ("ask ann_baker or al@tea.example", "tea.example", ["tea.example"]),
        ("ask ann_baker or al@tea.example", "@ann_baker", ["ann_baker"]),
        ("https://tea.example/t/TP-58213?a=1", "TP-58213", ["TP-58213"]),
        ("the lid is not tight", "“not tight”", ["not", "tight"]),
        ("the lid is not tight", "„not tight“", ["not", "tight"]),
        ("the lid is not tight", "«is not»", ["is", "not"]),
        ("it’s gone", "it's", ["it’s"]),
        ("so 😤😤", "😤", ["😤😤"]),
        ("thanks 👍🏽", "👍", ["👍"]),
        ("from 🇫🇷", "🇫🇷", ["🇫🇷"]),
        ("commit 7c9e6679 broke it", "7c9e6679", ["7c9e6679"]),
        ("#lidgate again", "#lidgate", ["lidgate"]),
        ("lid or kettle", "pan OR kettle", ["kettle"]),
        ("lid and kettle", "lid -pan", ["lid"]),
        ("order ٥٨٢١٣", "58213", ["٥٨٢١٣"]),
        ("58213", "-58213", ["58213"]),
        ('a 7" pan', '7" pan', ["7", "pan"]),
    ],
)
def test_found_and_marked(text, query, hits):
    assert matches(query, text)
    assert marked(query, text) == hits


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("tight, is it not", "“not tight”"),
        ("Order TP-2025-4471", "2024-4471"),
        ("Order TP-2025-4471", "4472"),
        ("Order 1714", "17"),
        ("a kettle and a lid", "lid -kettle"),
        ("kettles", "kettle"),
        ("바송", "배송"),
        ("货退", "退货"),
        ("दिन", "दान"),
    ],
)
def test_not_found_and_not_marked(text, query):
    assert not matches(query, text)


ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60
) | st.text("ab1 -_'\"“”\\:*&|!<>()退번ล่ا\u0654\u093f😡#", max_size=60)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT, ANY_TEXT)
def test_nothing_typed_is_an_error_and_postgres_agrees_with_the_marks(text, query):
    words = parse_search(query)
    if not words.choices:
        return
    found = matches(query, text)
    if found and all(not phrase.without for choice in words.choices for phrase in choice):
        assert find_matches(text, words)
    if len(words.choices) == len(words.choices[0]) == 1:
        assert found == bool(find_matches(text, words))


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_pieces_are_the_words_of_rules_cut_finer(text):
    pieces = cut_pieces(text)
    together = "".join(tokenize(text))
    assert "".join(piece.text for piece in pieces) == "".join(
        letter for letter in together if letter != "_" and fold_text(letter).strip("_‿⁀⁔")
    )
    assert [(piece.text, piece.glued) for piece in pieces] == cut_words(text)
    assert [piece.begin for piece in pieces] == sorted(piece.begin for piece in pieces)


def test_a_snippet_is_the_neighbourhood_of_the_hit():
    parts = build_snippet("word " * 300 + "a needle\nand more", parse_search("needle"))
    assert [part.text for part in parts if part.hit] == ["needle"]
    assert sum(len(part.text) for part in parts) < 300
    assert "".join(part.text for part in build_snippet("plain", parse_search("x"))) == "plain"


@pytest.mark.parametrize("text", ["9" * 20_000, "退" * 20_000, "a-" * 10_000, "12345 " * 3_300, "a" * 20_000])
@pytest.mark.django_db
def test_postgres_takes_the_words_of_the_longest_texts(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(%s::tsvector)", [index_text(text)])
        assert cursor.fetchone()[0] > 0
