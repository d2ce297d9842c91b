"""X's request limits per account, endpoint and 15 minutes, told in `x-rate-limit-*` headers.

The figures are those of X's documentation for user tokens as of 2026; direct messages as recorded.
"""

from __future__ import annotations

from simulator.world import World
from simulator.x.errors import too_many_error

WINDOW_MS = 15 * 60 * 1000
PER_WINDOW = {
    "me": 75, "mentions": 300, "tweets": 900, "search": 300, "lookup": 900, "create": 100, "delete": 50, "hide": 50,
    "like": 50, "unlike": 50, "users": 900, "dm_read": 300, "dm_write": 200,
}  # fmt: skip


class Limits:
    """Counts requests in fixed windows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}

    def spend(self, account: str, endpoint: str) -> dict[str, str]:
        """Count one request; the headers of its answer. Raises `Problem` 429 beyond the limit."""
        now = self._world.clock()
        limit = PER_WINDOW[endpoint]
        started, used = self._windows.get((account, endpoint), (now, 0))
        if now - started >= WINDOW_MS:
            started, used = now, 0
        used += 1
        self._windows[account, endpoint] = (started, used)
        headers = {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(max(0, limit - used)),
            "x-rate-limit-reset": str((started + WINDOW_MS) // 1000 + 1),
        }
        if not self._world.settings.limits:
            headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"] = "1000000", "999999"
        elif used > limit:
            raise too_many_error(headers)
        return headers

    def reset(self) -> None:
        self._windows.clear()
