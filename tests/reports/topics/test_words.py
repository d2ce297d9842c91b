"""Terms of texts: in which scripts, and what is never one."""

import pytest

from reports.topics.words import find_spelling, list_terms, name_words


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The whistling lid is back!", ["whistling", "whistling lid", "lid"]),
        ("Parcel late. Lid broken", ["parcel", "parcel late", "late", "lid", "lid broken", "broken"]),
        ("My APP, and the app again", ["app"]),
        ("Die Lieferung ist schon wieder verspätet", ["lieferung", "verspatet"]),
        ("#Rückruf beim Wasserkocher", ["ruckruf", "wasserkocher"]),
        ("Το καπάκι σφυρίζει", ["καπακι", "καπακι σφυριζει", "σφυριζει"]),
        ("ढक्कन टूटा", ["ढक्कन", "ढक्कन टूटा", "टूटा"]),
        ("水壶漏水", ["水壶", "壶漏", "漏水"]),
        ("주전자 새요", ["주전", "전자", "새요"]),
        ("it’s on me", []),
        ("", []),
    ],
)
def test_terms_are_words_and_two_in_a_row_in_any_script(text, terms):
    assert sorted(list_terms(text)) == sorted(terms)


@pytest.mark.parametrize(
    "text",
    [
        "@lid_hunter @maple.fern",
        "https://example.org/whistling/lid www.example.org example.org/lid",
        "KF-37245 37245 #A8812 12:30 4th",
        "mail me: otter@example.org",
        "Otter Maplefern",
    ],
)
def test_handles_links_numbers_and_names_are_no_terms(text):
    assert list_terms(text, name_words("@otter", "Otter Maplefern")) in ([], ["mail"])


def test_a_phrase_never_spans_what_was_left_out():
    terms = list_terms("lid @somebody whistles, order 4711 kettle")
    assert "lid whistles" not in terms and "order kettle" not in terms


def test_a_topic_is_spelled_as_customers_write_it():
    assert find_spelling("Wieder Verspätete  Lieferung!", "verspatete lieferung") == "verspätete lieferung"
    assert find_spelling("水壶漏水", "漏水") == "漏水"
    assert find_spelling("Nothing of it", "lid") == ""
