"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

import re

#: What makes a spreadsheet read a cell as a formula: such a character at its start, or behind what is not visible there.
_FORMULA = re.compile(
    r"[\t\r\n]|[\s\x00-\x1f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@＝＋－＠]"
)


def escape_formula(cell: str) -> str:
    """Return the cell so that no spreadsheet reads it as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell
