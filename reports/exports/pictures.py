"""A chart as a picture, drawn from its SVG: no browser, no font of the machine needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

#: Pixels for each unit of the drawing.
SCALE = 2
_FONTS = sorted(str(path) for path in (Path(__file__).parent / "fonts").glob("*.ttf"))
_FAMILY = "Noto Sans"


def draw_picture(svg: str) -> bytes:
    """Return an SVG as PNG, on white paper.

    Letters that our fonts lack come from the fonts of the machine, where it has them.
    """
    # Loaded by the first picture: most processes never draw one.
    from resvg_py import svg_to_bytes

    picture: bytes = svg_to_bytes(
        svg_string=svg, background="#ffffff", zoom=SCALE, font_files=_FONTS,
        font_family=_FAMILY, sans_serif_family=_FAMILY, languages=["en"],
    )  # fmt: skip
    return picture


_NO_CHARTS = "The page had no charts when this file was made: there was nothing to draw, or the page has tables only.\n"


def pack_charts(charts: Mapping[str, str]) -> bytes:
    """Return an archive with each chart as SVG and PNG.

    With a note where there is none.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, chart in charts.items():
            archive.writestr(f"{key}.svg", chart)
            archive.writestr(f"{key}.png", draw_picture(chart))
        if not charts:
            archive.writestr("no charts.txt", _NO_CHARTS)
    return content.getvalue()
