"""Labelled messages in CSV files, and scores of decisions against the labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from routing.files import csv


class UnusableFile(ValueError):
    """A file that cannot be used. The message says why, for the person who chose it."""


def read_csv_file(path: Path, *needed: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file (see `routing.files.csv.read_csv_rows`).

    Raises `UnusableFile` when the file cannot be read, is not CSV, or lacks one of the columns `needed`.
    """
    try:
        yield from csv.read_csv_rows(path.read_bytes(), *needed)
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror}") from error
    except csv.BadTable as error:
        raise UnusableFile(f"{path}: {error}") from error


def score_labels(
    pairs: list[tuple[str, str]],
) -> tuple[float, float, list[tuple[str, int, int, int, float]]]:
    """Score (right, decided) pairs: accuracy, macro-F1 and a table.

    Macro-F1 and the table cover the labels that are right at least once. A row of the table is (name, times
    right, times decided, times both, F1).
    """
    right = Counter(pair[0] for pair in pairs)
    named = Counter(pair[1] for pair in pairs)
    both = Counter(pair[0] for pair in pairs if pair[0] == pair[1])
    table = [
        (name, right[name], named[name], both[name], 2 * both[name] / (right[name] + named[name]))
        for name in sorted(right)
    ]
    total = len(pairs) or 1
    macro = sum(row[4] for row in table) / (len(table) or 1)
    return sum(both.values()) / total, macro, table
