"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

#: Characters at the start of a cell that make a spreadsheet read it as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(cell: str) -> str:
    """Return the cell so that no spreadsheet reads it as a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
