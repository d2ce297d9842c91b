"""A chart of a board as a file of its own: SVG with its colours and fonts, in the light scheme."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

_TOKEN = re.compile(r"(--[\w-]+):\s*([^;]+);")
_LIGHT = re.compile(r"light-dark\(([^,()]+|[^,()]*\([^()]*\)[^,()]*),\s*[^()]*(?:\([^()]*\))?[^()]*\)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
#: Comments, and rules for other widths than that of a file.
_IGNORED = re.compile(r"/\*.*?\*/|@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.DOTALL)
_MARGIN = 16


def read_chart(page: str, key: str, title: str) -> str | None:
    """Return a chart of a page as a standalone file.

    `key` is the id of its element; None when there is none.
    """
    match = re.search(rf'<svg(?=[^>]*\sid="{re.escape(key)}")([^>]*)>(.*?)</svg>', page, re.DOTALL)
    box = match and re.search(r'viewBox="([^"]+)"', match[1])
    if not match or not box:
        return None
    left, top, width, height = (float(part) for part in box[1].split())
    frame = (left - _MARGIN, top - _MARGIN, width + 2 * _MARGIN, height + 2 * _MARGIN)
    box_text = " ".join(f"{part:g}" for part in frame)
    classes = re.search(r'class="([^"]*)"', match[1])
    # Links lead back into the house, and nobody who gets the picture may follow them.
    drawing = re.sub(r"</?a\b[^>]*>", "", match[2])
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box_text}" width="{frame[2]:g}" height="{frame[3]:g}" '
        f'class="{classes[1] if classes else "chart"}" role="img" aria-label="{title}">\n'
        f"<style>{chart_styles()}</style>\n"
        f'<rect x="{frame[0]:g}" y="{frame[1]:g}" width="{frame[2]:g}" height="{frame[3]:g}" fill="#ffffff"/>\n'
        f"{drawing.strip()}\n</svg>\n"
    )


@cache
def chart_styles() -> str:
    """Return the style rules of charts in the light scheme."""
    tokens = {name: _LIGHT.sub(r"\1", value.strip()) for name, value in _TOKEN.findall(_read("tokens"))}
    rules = []
    for selector, body in _RULE.findall(_IGNORED.sub("", _read("reports") + _read("horseshoe"))):
        parts = [part.strip() for part in selector.split(",")]
        chosen = [
            part
            for part in parts
            if re.match(r"(\.reports )?(svg)?\.(chart|shoe|scale)\b", part) and ":hover" not in part
        ]
        if chosen:
            rules.append(f"{','.join(chosen)}{{{_LIGHT.sub(lambda m: m[1], body.strip())}}}")
    text = "".join(rules).replace(".reports ", "")
    for _ in range(2):
        text = re.sub(r"var\((--[\w-]+)\)", lambda match: tokens.get(match[1], "currentcolor"), text)
    return text


def _read(name: str) -> str:
    path = finders.find(f"css/{name}.css")
    return Path(str(path)).read_text(encoding="utf-8") if path else ""
