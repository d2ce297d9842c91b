"""Find web addresses in a text, with or without `http://`."""

from __future__ import annotations

import functools
import importlib
import unicodedata

import regex

from routing.letters import MAX_TEXT_READ, UNSPACED

_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_-]{0,61}[\p{L}\p{M}\p{N}])?"
#: An address begins a word: not in a handle, a hashtag, a sum of money, an e-mail address or another address. It ends with
#: its top-level domain, a port, or a path.
_ADDRESS = regex.compile(
    rf"(?<![\p{{L}}\p{{M}}\p{{N}}_@＠$#＃./-])(?P<scheme>https?://)?(?P<host>(?:{_LABEL}\.){{1,20}})"
    r"(?P<end>xn--[a-z0-9-]{2,59}|\p{L}[\p{L}\p{M}]{1,62}|[0-9]{1,3})(?![\p{L}\p{M}\p{N}_@＠+-])(?!\.[\p{L}\p{N}])"
    r"(?P<rest>(?::[0-9]{1,5})?(?:[/?#][^\s]*)?)",
    regex.IGNORECASE,
)
_MAY_HOLD_ADDRESS = regex.compile(r"[^\s.]\.[^\s.]")
_UNSPACED_RUN = regex.compile(rf"[{UNSPACED}]+", regex.V1)
_SHORT_LINK_PATH = regex.compile(r"/?[A-Za-z0-9]*")
#: X's short links have a path of at most 40 letters and digits; a longer one leads nowhere.
_LONGEST_SHORT_LINK = 41


@functools.cache
def _top_level_domains() -> frozenset[str]:
    # Import at first use, because few processes ever need the list.
    names: list[str] = importlib.import_module("linkify_it.tlds").TLDS
    return frozenset(name.casefold() for name in names)


def has_link(text: str) -> bool:
    """Return whether `text` contains a web address.

    Only the first `MAX_TEXT_READ` characters count. Never raises.
    """
    return bool(_link_spans(text[:MAX_TEXT_READ]))


def without_links(text: str) -> str:
    """Return `text` with a space for each web address."""
    for begin, end in reversed(_link_spans(text)):
        text = f"{text[:begin]} {text[end:]}"
    return text


def _link_spans(text: str) -> list[tuple[int, int]]:
    """Return the beginning and end of each address, in order."""
    if _MAY_HOLD_ADDRESS.search(text) is None:
        return []
    spans = [match.span() for match in _ADDRESS.finditer(text) if _is_address(match)]
    if spans or text.isascii():
        return spans
    # In scripts without spaces an address has no space around it, either.
    spaced = _UNSPACED_RUN.sub(lambda run: " " * len(run.group()), text)
    return [match.span() for match in _ADDRESS.finditer(spaced) if _is_address(match)]


def _is_address(match: regex.Match[str]) -> bool:
    host, end = match["host"].casefold().rstrip("."), match["end"].casefold()
    labels = host.split(".")
    if "_" in labels[-1] or any(label.startswith("xn--") and not label.isascii() for label in labels):
        return False
    if end.isdigit():
        return bool(match["scheme"]) and len(labels) == 3 and host.replace(".", "").isdigit()
    if host == "t" and end == "co":
        return len(_SHORT_LINK_PATH.match(match["rest"])[0]) <= _LONGEST_SHORT_LINK
    return bool(match["scheme"]) or labels[0] == "www" or _is_known_end(match, end)


def _is_known_end(match: regex.Match[str], end: str) -> bool:
    """Return whether an address without `http://` ends with a top-level domain.

    In “that.It works” and “cancelled.You said” a space is missing behind a full stop.
    """
    is_new_sentence = match["end"].istitle() and end not in ("com", "net", "org") and not match["rest"]
    return not is_new_sentence and unicodedata.normalize("NFC", end) in _top_level_domains()
