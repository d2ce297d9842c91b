import dataclasses
import json

import orjson
import pytest

from inbox.ingest.edits import StoredMessage, change_kind
from inbox.ingest.storable import Unstorable, clean_json, make_storable, raw_bytes
from inbox.models import Message, Quarantined
from inbox.text import clean_address, clean_line, clean_text
from networks.base import Attachment, Author, UnreadableItem
from tests.factories import NOW
from tests.inbox.fake_connector import message

HARMLESS = [
    "",
    "   ",
    "<script>alert(1)</script>",
    '<b hx-get="/x" onclick=alert(1)>',
    "{{ settings.SECRET_KEY }} {% debug %}",
    "zalgo" + "\u0301" * 300,
    "👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪",
    "\u200b\u200c",
    "\ufdfd" * 1000,
    "İıI",
    "one two " * 4000,
    "x" * 100_000,
    "@brand " * 500,
    "https://example.org/a " * 500,
]
REPAIRED = [
    ("a\x00b", "a\ufffdb", ["nul"]),
    ("a\ud800b", "a\ufffdb", ["surrogate"]),
    ("\ufeffBOM", "BOM", []),
    ("a\r\nb\rc", "a\nb\nc", []),
    ("bell\x07 \x9b31m", "bell 31m", ["control"]),
    ("\u202eevil", "\u202eevil\u202c", ["bidi"]),
    ("\u2067a\u2066b\u2069", "\u2067a\u2066b\u2069\u2069", ["bidi"]),
    ("\u202aok\u202c", "\u202aok\u202c", ["bidi"]),
    ("\u2069\u2069", "\u2069\u2069", ["bidi"]),
    ("\x00\ud83d\u202e", "\ufffd\ufffd\u202e\u202c", ["nul", "surrogate", "bidi"]),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_kept_as_it_is(text):
    assert clean_text(text) == (text, [])


@pytest.mark.parametrize(("text", "kept", "flags"), REPAIRED)
def test_what_cannot_be_stored_or_shown_is_repaired_and_flagged(text, kept, flags):
    assert clean_text(text) == (kept, flags)


def test_an_immense_text_is_cut_and_flagged():
    text, flags = clean_text("x" * 10_000_000)
    assert (len(text), flags) == (100_000, ["long"])


def test_ten_thousand_open_isolates_stay_small():
    assert len(clean_text("\u2066" * 10_000)[0]) <= 10_100


def test_a_name_is_one_line_that_reaches_no_further():
    assert clean_line("Eve\u202e\n\x00\ud800\ufeff  Smith") == "Eve \ufffd\ufffd Smith"
    assert len(clean_line("n" * 5000)) == 200


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//x.example", "http://a b", "https://x\x00", "https://" + "a" * 2000],
)  # fmt: skip
def test_only_web_addresses_are_kept(address):
    assert clean_address(address) == ""
    assert clean_address("https://example.org/ü?a=1") == "https://example.org/ü?a=1"


def test_sound_json_is_not_touched():
    value = {"a": [1, None, {"b": "c"}]}
    assert clean_json(value) is value


def test_json_is_repaired_where_postgres_would_refuse():
    value = {"a\x00": "\ud800", "n": 10**400, "l": ("x\x00",), "text": "literally \\u0000"}
    cleaned = clean_json(value)
    assert cleaned["a\ufffd"] == "\ufffd"
    assert cleaned["l"] == ["x\ufffd"]
    assert cleaned["text"] == "literally \\u0000"
    orjson.dumps(cleaned)


def test_json_nested_too_deeply_is_refused():
    value: object = 1
    for _ in range(300):
        value = [value]
    with pytest.raises(Unstorable):
        clean_json({"deep": value})


@pytest.mark.parametrize(
    "changes",
    [
        {"remote_id": ""},
        {"canonical_id": ""},
        {"canonical_id": "1\x00"},
        {"thread_id": "t" * 201},
        {"parent_id": "\ud800"},
        {"canonical_id": "a\u202eb"},
        {"author": Author("x" * 129)},
        {"created_at": NOW.replace(tzinfo=None)},
        {"raw": {"x": object()}},
    ],
)
def test_ids_and_times_are_never_repaired(changes):
    with pytest.raises(Unstorable):
        make_storable(dataclasses.replace(message("1"), **changes), "9000", NOW)


@pytest.mark.parametrize(
    "raw", [b"\xff\x00", "\ud800", {"a": object()}, {"a": 10**5000}, [float("nan")], None]
)
def test_whatever_came_is_kept_as_bytes(raw):
    assert isinstance(raw_bytes(raw), bytes)


@pytest.mark.django_db
def test_hostile_messages_go_in_beside_good_ones(feed):
    texts = [*HARMLESS, *(text for text, _, _ in REPAIRED), "y" * 10_000_000]
    hostile = [
        message(
            f"h{n}",
            text,
            by=f"{n}",
            author=Author(f"{n}", handle=text[:900], name=text[:900], avatar_url=text[:900], followers=2**62),
            permalink=text[:500],
            attachments=(Attachment(kind=text[:50], url=text[:50], name=text[:50]),),
            raw={"text": text, text[:20]: text[:20]},
        )
        for n, text in enumerate(texts)
    ]
    good = [message(f"g{n}", by=f"g{n}") for n in range(10)]
    outcome = feed.store(*hostile, *good)
    assert (outcome.stored, outcome.quarantined) == (len(texts) + 10, 0)
    assert Message.objects.get(canonical_id=f"h{len(HARMLESS)}").flags == ["nul", "name", "link"]


@pytest.mark.django_db
def test_what_cannot_be_stored_is_quarantined_and_its_neighbours_go_in(feed):
    bad = [
        message("b\x00"),
        message("c", raw={"x": object()}),
        message("d", created_at=NOW.replace(tzinfo=None)),
    ]
    good = [message(f"g{n}", by=f"g{n}") for n in range(30)]
    unreadable = UnreadableItem(
        raw={"id": "e", "text": None}, error="text expected, got NoneType", remote_id="e"
    )
    outcome = feed.store(*bad, *good, unreadable=(unreadable,))
    assert (outcome.stored, outcome.quarantined) == (30, 4)
    assert set(Quarantined.objects.values_list("remote_id", flat=True)) == {"b\ufffd", "c", "d", "e"}
    kept = Quarantined.objects.get(remote_id="e")
    assert json.loads(bytes(kept.raw)) == {"id": "e", "text": None}
    assert kept.seen_count == 1


@pytest.mark.django_db
def test_the_same_bad_item_is_kept_once(feed):
    bad = UnreadableItem(raw="{broken", error="not JSON")
    feed.store(unreadable=(bad, bad))
    feed.store(unreadable=(bad,))
    kept = Quarantined.objects.get()
    assert (kept.seen_count, bytes(kept.raw)) == (2, b"{broken")


@pytest.mark.parametrize(
    ("attachment", "line"),
    [
        (Attachment("photo", "https://pbs.example/1.jpg"), "[picture]"),
        (Attachment("animated_gif"), "[animated picture]"),
        (Attachment("application", mime_type="application/pdf", name="bill-7.pdf"), "[bill-7.pdf]"),
        (Attachment("link", "https://crumb.example/menu"), "[https://crumb.example/menu]"),
        (Attachment("link", "https://crumb.example/menu", name="Our menu"), "[Our menu]"),
        (Attachment("quoted_post", name="@tom_k", text="Open on Sunday"), "[quoted post by @tom_k]"),
        (Attachment("hologram"), "[hologram]"),
    ],
)
def test_a_message_without_text_has_a_row_all_the_same(attachment, line):
    assert make_storable(message("9", "", attachments=(attachment,)), "1", NOW).preview == line


def test_what_an_attachment_says_is_kept_within_bounds():
    quoted = Attachment("quoted_post", text="a\x00b" + "x" * 5000)
    (stored,) = make_storable(message("9", attachments=(quoted,)), "1", NOW).attachments
    assert stored["text"].startswith("a\ufffdbxx")
    assert len(stored["text"]) == 2000


def test_a_text_that_reads_otherwise_under_the_same_id_is_an_edit_only_where_edits_keep_the_id():
    """A network's link may lead elsewhere tomorrow, and what it withholds today it may include then."""
    stored = StoredMessage("9", 1, "9", "see https://t.co/a", None, deleted=False, hidden=False, case_id=1)
    now_longer = message("9", "see https://crumb.example/menu")
    assert change_kind(stored, make_storable(now_longer, "1", NOW)) == "edited"
    same_version = dataclasses.replace(now_longer, has_id_per_edit=True)
    assert change_kind(stored, make_storable(same_version, "1", NOW)) == ""
