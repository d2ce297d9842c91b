"""A chart of a board as a file of its own: SVG with its colours and fonts, in the light scheme, under its title."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils.html import escape, strip_tags

from reports.charts.horseshoe import wrap_words
from reports.exports.colours import mix_colours

_TOKEN = re.compile(r"(--[\w-]+):\s*([^;]+);")
_LIGHT = re.compile(r"light-dark\(([^,()]+|[^,()]*\([^()]*\)[^,()]*),\s*[^()]*(?:\([^()]*\))?[^()]*\)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
#: Comments, and rules for other widths than that of a file.
_IGNORED = re.compile(r"/\*.*?\*/|@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.DOTALL)
_HEADING = re.compile(r"<h2\b[^>]*>(.*?)</h2>", re.DOTALL)
_MARGIN, _TITLE_SIZE, _SCOPE_SIZE, _LINE = 16, 15, 11, 1.35
#: The average width of a letter, as a part of its size: on the safe side.
_LETTER = 0.56


def read_chart(page: str, key: str, scope: str) -> str | None:
    """Return a chart of a page as a standalone file: its heading and `scope` above the drawing.

    `key` is the id of its element; None when there is none.
    """
    match = re.search(rf'<svg(?=[^>]*\sid="{re.escape(key)}")([^>]*)>(.*?)</svg>', page, re.DOTALL)
    box = match and re.search(r'viewBox="([^"]+)"', match[1])
    if not match or not box:
        return None
    left, top, width, height = (float(part) for part in box[1].split())
    headings = _HEADING.findall(page[: match.start()])
    title = " ".join(html.unescape(strip_tags(headings[-1])).split()) if headings else ""
    words, words_height = _write_head(title, scope, left, top - _MARGIN, width)
    frame = (
        left - _MARGIN,
        top - _MARGIN - words_height,
        width + 2 * _MARGIN,
        height + 2 * _MARGIN + words_height,
    )
    box_text = " ".join(f"{part:g}" for part in frame)
    classes = re.search(r'class="([^"]*)"', match[1])
    # Links lead back into the house, and nobody who gets the picture may follow them.
    drawing = re.sub(r"</?a\b[^>]*>", "", match[2])
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box_text}" width="{frame[2]:g}" height="{frame[3]:g}" '
        f'class="{classes[1] if classes else "chart"}" role="img" aria-label="{escape(f"{title}, {scope}")}">\n'
        f"<style>{chart_styles()}</style>\n"
        f'<rect x="{frame[0]:g}" y="{frame[1]:g}" width="{frame[2]:g}" height="{frame[3]:g}" fill="#ffffff"/>\n'
        f"{words}\n{drawing.strip()}\n</svg>\n"
    )


def read_charts(page: str, scope: str) -> dict[str, str]:
    """Return every chart of a page that has files, by key."""
    keys = dict.fromkeys(re.findall(r"/chart\.svg\?[^\"]*?chart=([\w-]+)", page))
    charts = {key: read_chart(page, key, scope) for key in keys}
    return {key: chart for key, chart in charts.items() if chart}


def _write_head(title: str, scope: str, left: float, bottom: float, width: float) -> tuple[str, float]:
    """Return the lines above a drawing, and how high they are."""
    lines: list[tuple[str, int, str]] = []
    for text, size, style in ((title, _TITLE_SIZE, "font-weight:700"), (scope, _SCOPE_SIZE, "fill:#55606e")):
        letters = max(int(width / (size * _LETTER)), 12)
        lines += [(line, size, style) for line in wrap_words(text, letters)]
    height = sum(size * _LINE for _, size, _ in lines) + _MARGIN / 2
    return "\n".join(_place_lines(lines, left, bottom - height + _MARGIN / 2)), height


def _place_lines(lines: Sequence[tuple[str, int, str]], left: float, y: float) -> list[str]:
    placed = []
    for line, size, style in lines:
        y += size * _LINE
        placed.append(
            f'<text x="{left:g}" y="{y:.1f}" style="font-size:{size}px;{style};text-anchor:start">{escape(line)}</text>'
        )
    return placed


@cache
def chart_styles() -> str:
    """Return the style rules of charts in the light scheme.

    Without anything that only browsers read.
    """
    tokens = {name: _LIGHT.sub(r"\1", value.strip()) for name, value in _TOKEN.findall(_read("tokens"))}
    rules = []
    for selector, body in _RULE.findall(
        _IGNORED.sub("", _read("reports") + _read("horseshoe") + _read("today"))
    ):
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
    # Our fonts of pictures have two weights, and other weights than hundreds are for browsers.
    return mix_colours(re.sub(r"font-weight:\s*6[0-9]{2}", "font-weight:700", text))


def _read(name: str) -> str:
    path = finders.find(f"css/{name}.css")
    return Path(str(path)).read_text(encoding="utf-8") if path else ""
