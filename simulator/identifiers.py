"""Ids as the networks hand them out, and page tokens."""

from __future__ import annotations

import base64
import hashlib

#: X's snowflakes count milliseconds from 2010-11-04T01:42:54.657Z above their lowest 22 bits.
X_EPOCH_MS = 1288834974657
_GRAPH_BASE = 10**16
_GRAPH_EPOCH_MS = 1_600_000_000_000


def snowflake_floor(ms: int) -> int:
    """Return the smallest id that could have been issued at `ms`."""
    return max(0, ms - X_EPOCH_MS) << 22


class Ids:
    """Gives out ids that are unique and, for growing times, growing. `taken` says whether an id is in use."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {"x": 0, "facebook": 0}
        self._past: dict[str, int] = {}

    def _next(self, network: str, floor: int, room: int) -> int:
        last = self._last[network]
        if floor > last:
            number = floor
        elif last - floor < room * 5_000:
            # The same millisecond, or a clock that stepped back a little: keep growing.
            number = last + 1
        else:
            key = f"{network}:{floor}"
            self._past[key] = self._past.get(key, 0) + 1
            return floor + 512 + self._past[key]
        self._last[network] = number
        return number

    def snowflake(self, ms: int) -> str:
        return str(self._next("x", snowflake_floor(ms) + 0x1000, 1 << 22))

    def graph(self, ms: int) -> str:
        """Return the number in a post's or comment's id."""
        return str(self._next("facebook", _GRAPH_BASE + (ms - _GRAPH_EPOCH_MS) * 1000, 1000))

    def reserve_up_to(self, network: str, number: int) -> None:
        """After a restart: never give out what was given out before."""
        self._last[network] = max(self._last[network], number)


def messenger_id(number: str) -> str:
    """Return a Messenger message's id, like `m_ToF35NI1…`."""
    digest = hashlib.sha256(f"messenger {number}".encode()).digest()
    return "m_" + base64.urlsafe_b64encode(digest + digest[:16]).decode().rstrip("=") + number[-6:]


def make_page_token(*parts: str) -> str:
    """Make an opaque page token that carries `parts`."""
    raw = "\x1f".join(parts).encode()
    check = hashlib.sha256(b"page" + raw).digest()[:4]
    return base64.b32hexencode(check + raw).decode().rstrip("=").lower()


def open_page_token(token: str) -> tuple[str, ...]:
    """Return what `make_page_token` was given. Raises `ValueError` for any other string."""
    try:
        raw = base64.b32hexdecode(token.upper() + "=" * (-len(token) % 8))
    except ValueError as error:
        raise ValueError("not a page token") from error
    check, body = raw[:4], raw[4:]
    if hashlib.sha256(b"page" + body).digest()[:4] != check:
        raise ValueError("not a page token")
    return tuple(body.decode().split("\x1f"))


def secret(seed: int, *names: str, length: int = 40) -> str:
    """Return the same secret for the same seed and names. So credentials outlive a restart without a state
    file.
    """
    text = ""
    block = 0
    while len(text) < length:
        digest = hashlib.sha256("|".join((str(seed), *names, str(block))).encode()).digest()
        text += base64.b64encode(digest).decode().translate(str.maketrans("", "", "+/="))
        block += 1
    return text[:length]


def number_for(seed: int, *names: str, digits: int = 15) -> str:
    """Return a decimal id, the same for the same seed and names."""
    digest = hashlib.sha256("|".join((str(seed), *names)).encode()).digest()
    low = 10 ** (digits - 1)
    return str(low + int.from_bytes(digest[:10], "big") % (9 * low))
