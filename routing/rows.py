"""A condition as rows of a form, for people who do not write trees: when any or all of these, but not when those."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

#: Kind of row → what it is called. A kind is a field and, where there are several, an operator.
KINDS = {
    "words:any": "Text has any of these words",
    "words:all": "Text has all of these words",
    "pattern": "Text matches the pattern",
    "language": "Language is",
    "network": "Network is",
    "stream": "Stream is",
    "brand_account": "Brand account is",
    "followers:gte": "Followers, at least",
    "followers:lte": "Followers, at most",
    "verified": "Author is verified (yes or no)",
    "is_reply": "Is an answer to something (yes or no)",
}
_LISTS = ("language", "network", "stream", "brand_account")
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


class Row(NamedTuple):
    """One line of the form: a kind of `KINDS` and what was typed."""

    kind: str
    value: str


class Rows(NamedTuple):
    """`holds` joined by `group` ("any" or "all"), and none of `unless`."""

    group: str
    holds: list[Row]
    unless: list[Row]


def leaf_of(kind: str, value: str) -> dict[str, Any]:
    """The leaf that a row means. Not checked: what cannot be read is left for `conditions.validate` to refuse."""
    field, _, operator = kind.partition(":")
    if field == "words":
        return {"field": field, operator: _parts(value, ",\n")}
    if field == "pattern":
        return {"field": field, "matches": value.strip()}
    if field == "followers":
        return {"field": field, operator: _number(value.strip())}
    if field in _LISTS:
        parts = _parts(value, ",\n")
        return {"field": field, "is": parts if field == "brand_account" else _lower(parts)}
    said = value.strip().lower()
    return {"field": field, "is": True if said in _YES else False if said in _NO else value.strip()}


def _lower(parts: list[str]) -> list[str]:
    return list(dict.fromkeys(part.lower() for part in parts))


def _number(value: str) -> int | str:
    """A whole number as people write it (`1000`, `1,000`, `1.000`, `1 000`), else the text itself."""
    if re.fullmatch(r"[0-9]{1,15}|[0-9]{1,3}(?:[ .,'’_\u00a0\u202f][0-9]{3}){1,4}", value):
        return int(re.sub(r"[^0-9]", "", value))
    return value


def _parts(value: str, separators: str) -> list[str]:
    found = (part.strip() for part in re.split(f"[{separators}]", value))
    return list(dict.fromkeys(part for part in found if part))


def row_of(leaf: dict[str, Any]) -> Row | None:
    """The row that shows a valid leaf, None when no single row can."""
    field = leaf["field"]
    if not any(kind.partition(":")[0] == field for kind in KINDS):
        return None
    if field == "words":
        operator = "any" if "any" in leaf else "all"
        return Row(f"words:{operator}", ", ".join(leaf[operator])) if _plain(leaf[operator]) else None
    if field == "pattern":
        return Row("pattern", leaf["matches"]) if _plain([leaf["matches"].replace(",", "")]) else None
    if field == "followers":
        bounds = [key for key in ("gte", "lte") if key in leaf]
        return Row(f"followers:{bounds[0]}", str(leaf[bounds[0]])) if len(bounds) == 1 else None
    if field in _LISTS:
        same = field == "brand_account" or _lower(leaf["is"]) == leaf["is"]
        return Row(field, ", ".join(leaf["is"])) if same and _plain(leaf["is"]) else None
    return Row(field, "yes" if leaf["is"] else "no")


def _plain(values: list[str]) -> bool:
    """Whether a form field holding the values, separated by commas, gives the same values back."""
    return _parts(", ".join(values), ",\n") == values


def tree_of(group: str, holds: list[dict[str, Any]], unless: list[dict[str, Any]]) -> dict[str, Any]:
    """The condition that rows mean, from their leaves; at least one of the two lists is not empty."""
    if not unless:
        return {group: holds}
    without = {"none": unless}
    if not holds:
        return without
    return (
        {"all": [*holds, without]}
        if group == "all" or len(holds) == 1
        else {"all": [{group: holds}, without]}
    )


def rows_of(tree: dict[str, Any]) -> Rows | None:
    """The rows that show a valid tree, None when it is nested deeper than rows can say."""
    if "field" in tree:
        return _rows("all", [tree], [])
    if "any" in tree:
        return _rows("any", tree["any"], [])
    if "none" in tree:
        return _rows("any", [], tree["none"])
    parts: list[dict[str, Any]] = tree["all"]
    without = [leaf for part in parts if _is_none(part) for leaf in part["none"]]
    rest = [part for part in parts if not _is_none(part)]
    if len(rest) == 1 and "field" not in rest[0] and "any" in rest[0]:
        return _rows("any", rest[0]["any"], without)
    return _rows("all", rest, without)


def _is_none(part: dict[str, Any]) -> bool:
    return "field" not in part and "none" in part


def _rows(group: str, holds: list[dict[str, Any]], unless: list[dict[str, Any]]) -> Rows | None:
    if any("field" not in leaf for leaf in (*holds, *unless)):
        return None
    found, barred = [row_of(leaf) for leaf in holds], [row_of(leaf) for leaf in unless]
    if None in found or None in barred:
        return None
    return Rows(group, [row for row in found if row], [row for row in barred if row])
