"""How chips, names and networks read on pages. Everything is made here once a row; templates only print."""

from __future__ import annotations

from dataclasses import dataclass

_SIGNS = {"x": ("X", ""), "facebook": ("f", "f"), "mastodon": ("M", "m")}


@dataclass(frozen=True, slots=True)
class Chip:
    """A short word with a meaning: `tone` holds style classes out of risk, late, ok, dept and clock."""

    words: str
    tone: str = ""
    title: str = ""
    #: For a countdown: when it is due and from when on it is at risk, as ISO times.
    due: str = ""
    soon: str = ""


def returned_chip(times: int, trail: str = "") -> Chip:
    """That a case came back to a department that had had it before, how often, and who had it one after the other."""
    words = "⇄ came back" if times == 1 else f"⇄ came back {times} times"
    return Chip(
        words, "late" if times > 1 else "risk", trail or "It came back to a department that had it before"
    )


def initials(name: str) -> str:
    """Two letters that stand for a name where there is no picture, "?" for none."""
    name = name.removeprefix("@")
    words = [word for word in name.replace("_", " ").replace(".", " ").split() if word[:1].isalnum()]
    if not words:
        first = next((letter for letter in name if letter.isalnum()), "?")
        return first.upper()
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


def network_sign(network: str) -> tuple[str, str]:
    """The letter on a customer's badge and its style."""
    return _SIGNS.get(network, (network[:1].upper(), ""))


def display_name(handle: str, name: str) -> str:
    """What stands for a customer: as `Identity.display_name`, for rows that are not instances."""
    return f"@{handle}" if handle else name or "Unknown author"
