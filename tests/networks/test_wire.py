"""Documents that were cut off: refused, at a cost that grows with their length and not with its square."""

from __future__ import annotations

import time

import pytest

from networks.wire import BrokenItem, load_document

QUOTES = 200_000


@pytest.mark.parametrize(
    "start",
    ['{"a":"', '{"data":[{"id":"1","text":"', '[{"a":"', '{"data":[{"data":[{"comments":{"data":[{"text":"'],
)
@pytest.mark.parametrize("piece", ['\\"', '\\\\\\"', '\\"{', '\\",', '\\n\\"'])
def test_a_cut_string_full_of_quotation_marks_is_refused_in_time(start, piece):
    body = (start + piece * QUOTES).encode()
    # Of this process alone: what else the machine does is not counted.
    began = time.process_time()
    with pytest.raises(ValueError, match="cut off"):
        load_document(body)
    assert time.process_time() - began < 2


def test_a_string_that_ends_with_half_an_escape_is_cut_off():
    with pytest.raises(ValueError, match="cut off"):
        load_document(b'{"data":[{"text":"good"},{"text":"\\')


def test_brackets_in_a_string_are_text_whatever_is_escaped_in_it():
    good, odd = '{"text":"]}\\"],{"}', '{"text":"\\\\\\"}]","n":NaN}'
    first, second, third = load_document(f'{{"data":[{good},{odd},{good}]}}'.encode())["data"]
    assert first == third == {"text": ']}"],{'}
    assert isinstance(second, BrokenItem)
    assert second.text == odd
