"""The corpus of hostile input, one case a line of `corpus.jsonl`; all texts are our own.

`where` says what is hostile: the text, name, handle, avatar or permalink of an otherwise sound item, the item's JSON
("json"), or a whole answer of the network ("answer", built by name in the test). `value` is a string (its JSON escapes
may be lone surrogates) or an object: {"hex"} raw bytes inside a JSON string, {"repeat", "times"} with {n} for the
number, {"json"} a raw JSON fragment, {"nest": [open, close, times]}. For "json" it names the `field` it replaces, or
gives the whole `item`; @ stands for the item's id, `omit` leaves the field out.

`expect` is stored (as it came, or as `stored_as`), repaired (and the message bears `flag`) or quarantined (with its raw
form); where networks differ, one for each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "corpus.jsonl"
#: Networks that have the field at all.
_ONLY = {"avatar": ("x",), "permalink": ("facebook",)}
NETWORKS = ("x", "facebook")


@dataclass(frozen=True)
class HostileCase:
    id: str
    where: str
    value: Any
    expect: Any
    flag: str = ""
    stored_as: str | None = None

    @property
    def networks(self) -> tuple[str, ...]:
        return _ONLY.get(self.where, NETWORKS)

    def expected(self, network: str) -> str:
        return self.expect[network] if isinstance(self.expect, dict) else self.expect

    @property
    def text(self) -> str:
        """The hostile text as a string; raw bytes that are no UTF-8 as U+FFFD."""
        return text_of(self.value)


def text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "hex" in value:
        return bytes.fromhex(value["hex"]).decode("utf-8", "replace")
    if "repeat" in value:
        return repeated(value)
    raise ValueError("not a text")


def repeated(value: dict[str, Any]) -> str:
    unit, times = value["repeat"], value["times"]
    whole = "".join(unit.replace("{n}", str(n)) for n in range(times)) if "{n}" in unit else unit * times
    around = value.get("around", "")
    return around + whole + value.get("ends", "") + around


def cases(*where: str) -> list[HostileCase]:
    """The corpus, or the part of it that is hostile in one of these places."""
    rows = [HostileCase(**json.loads(line)) for line in _FILE.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if not where or row.where in where]


def shown_texts() -> list[HostileCase]:
    """Hostile texts and names that a person may come to see in a page."""
    return [case for case in cases("text", "name", "handle") if _is_text(case.value)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or "json" not in value
