"""The corpus of messages: sound rows, no message twice, pairs that differ in a label."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "routing" / "corpus" / "messages"
DEPARTMENTS = {"service", "billing", "sales", "marketing", "pr", "product", "tech", "legal", "hr", "spam"}
VALUES = {
    "department": DEPARTMENTS,
    "tone": {"positive", "neutral", "negative"},
    "urgency": {"0", "1", "2"},
    "needs_answer": {"0", "1"},
}


@pytest.fixture(scope="module")
def rows():
    found = []
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += [{"file": path.stem} | row for row in csv.DictReader(file)]
    return found


def test_every_row_has_a_text_and_known_labels(rows):
    wrong = [
        row
        for row in rows
        if not row["text"].strip() or any(row[name] not in values for name, values in VALUES.items())
    ]
    assert wrong == []
    assert len(rows) >= 6000


def test_no_message_stands_there_twice(rows):
    counts = Counter(" ".join(row["text"].casefold().split()) for row in rows)
    assert [text for text, number in counts.items() if number > 1] == []


def test_pairs_differ_in_a_label(rows):
    pairs = defaultdict(list)
    for row in rows:
        if row["pair"]:
            pairs[row["file"], row["pair"]].append(row)
    assert len(pairs) > 150
    for pair, members in pairs.items():
        assert len(members) in (2, 3), pair
        assert len({tuple(row[name] for name in VALUES) for row in members}) > 1, pair


def test_every_file_has_every_department(rows):
    by_file = defaultdict(Counter)
    for row in rows:
        by_file[row["file"]][row["department"]] += 1
    for file, counts in by_file.items():
        assert min(counts[one] for one in DEPARTMENTS) >= 0.045 * counts.total(), file
