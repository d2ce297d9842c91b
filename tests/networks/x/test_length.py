"""The weighted length: the server, the script and the simulator count as X does."""

from __future__ import annotations

from pathlib import Path

import pytest

from networks.x.browser_rules import build_script
from networks.x.connector import XConnector
from simulator.x.length import weighted
from tests.networks.x.lengths import LENGTHS, NEWER

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("text", "length"), [*LENGTHS, *NEWER])
def test_it_is_the_one_of_x(text, length):
    assert XConnector.measure_length(text) == length


@pytest.mark.parametrize(("text", "length"), LENGTHS)
def test_the_simulator_counts_alike(text, length):
    assert weighted(text) == length


def test_a_post_of_emoji_with_their_sign_fills_280():
    assert XConnector.measure_length("⭐️" * 138 + " ^ML") == 280


def test_line_ends_lone_surrogates_and_endless_texts_are_counted_without_an_error():
    assert XConnector.measure_length("a\r\nb") == 3
    assert XConnector.measure_length("\ud83d") == 2
    assert XConnector.measure_length("字" * 25_001) == 25_001


def test_the_script_has_the_rules_of_the_server():
    """Otherwise: `python -m networks.x.browser_rules > static/js/weights.js`."""
    assert (ROOT / "static/js/weights.js").read_text(encoding="utf-8") == build_script()
