"""Mixed colours of style sheets as plain ones, for viewers that are no browser."""

from __future__ import annotations

import re

_MIX = re.compile(r"color-mix\(in srgb, (#[0-9a-f]{6}) ([0-9.]+)%, (#[0-9a-f]{6}|transparent)\)")


def mix_colours(style: str) -> str:
    """Replace each `color-mix(in srgb, A n%, B)` by its colour."""
    return _MIX.sub(lambda match: _mix(match[1], float(match[2]) / 100, match[3]), style)


def _mix(first: str, share: float, second: str) -> str:
    # Paper is white.
    other = "#ffffff" if second == "transparent" else second
    parts = (
        round(int(first[n : n + 2], 16) * share + int(other[n : n + 2], 16) * (1 - share)) for n in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)
