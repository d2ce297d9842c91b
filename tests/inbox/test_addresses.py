"""Addresses in HTML that Python builds, and those that templates put together, are those of `urls.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import NoReverseMatch, resolve, reverse

from inbox.addresses import address_pattern
from inbox.case_page.markup import reading_markup
from inbox.models import Message
from inbox.queue.markup import row_markup
from tests.factories import NOW
from wording.times import display_time

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "inbox", "reports", "routing", "wording")
#: An address that is written into HTML, as in `href="/cases/7/"`.
WRITTEN_BY_HAND = re.compile(r"""\b(?:href|action|src|hx-(?:get|post|delete))=\\?["']/""")


@pytest.mark.parametrize("name", ["inbox:case", "inbox:reading", "inbox:reply_cancel"])
@pytest.mark.parametrize("pk", [1, 7, 1_234_567_890_124])
def test_a_pattern_filled_with_an_id_is_the_address(name, pk):
    assert address_pattern(name).format(pk=pk) == reverse(name, args=[pk])


def test_a_view_without_an_id_has_no_pattern():
    with pytest.raises(NoReverseMatch):
        address_pattern("inbox:search")


def test_a_row_leads_to_its_case():
    when = display_time(NOW, NOW)
    row = row_markup(
        pk=4711, name="Ann", initials="AN", sign="X", sign_class="", network="X", when=when, text="{pk} {name}",
        fresh=False, marks=[], chips=[],
    )  # fmt: skip
    assert re.findall(r'href="([^"]*)"', row) == [reverse("inbox:case", args=[4711])]
    assert "{pk} {name}" in row


def test_the_small_print_leads_to_the_form_that_corrects_it():
    markup = reading_markup(Message(pk=4711, language="en", corrected=[]), may_correct=True)
    address = reverse("inbox:reading", args=[4711])
    assert re.findall(r'(?:href|hx-get)="([^"]*)"', markup) == [address, address]


def test_no_address_is_written_by_hand_in_python():
    modules = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert [str(path) for path in modules if WRITTEN_BY_HAND.search(path.read_text(encoding="utf-8"))] == []


def test_what_the_page_of_a_case_appends_to_its_address_is_there():
    templates = (ROOT / "templates" / "inbox").rglob("*.html")
    endings = {
        ending
        for template in templates
        for ending in re.findall(r"{{ at }}([\w/-]*)", template.read_text(encoding="utf-8"))
    }
    assert {"reply/", "draft/", "thread/"} <= endings
    for ending in endings:
        assert resolve(reverse("inbox:case", args=[1]) + ending).namespace == "inbox", ending
