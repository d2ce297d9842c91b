"""Messages in the order of their ids, kept sorted.

A page costs the same in a ledger of ten and of a million.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from simulator.records import Message


class Timeline:
    """Messages sorted by a growing number. Appending is the usual case and cheap."""

    __slots__ = ("keys", "messages")

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.messages: list[Message] = []

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, key: int, message: Message) -> None:
        if not self.keys or key > self.keys[-1]:
            self.keys.append(key)
            self.messages.append(message)
            return
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            self.messages[at] = message
            return
        self.keys.insert(at, key)
        self.messages.insert(at, message)

    def remove(self, key: int) -> None:
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            del self.keys[at]
            del self.messages[at]

    def newest_first(
        self, *, below: int | None = None, above: int | None = None, last: int | None = None
    ) -> Iterator[Message]:
        """Yield messages with `above` < key < `below`, newest first. Only among the `last` newest of all when
        given.
        """
        high = len(self.keys) if below is None else bisect_left(self.keys, below)
        low = 0 if above is None else bisect_right(self.keys, above)
        if last is not None:
            low = max(low, len(self.keys) - last)
        for at in range(high - 1, low - 1, -1):
            yield self.messages[at]

    def oldest_first(self, *, above: int | None = None) -> Iterator[Message]:
        low = 0 if above is None else bisect_right(self.keys, above)
        for at in range(low, len(self.keys)):
            yield self.messages[at]

    def newest(self) -> Message | None:
        return self.messages[-1] if self.messages else None
