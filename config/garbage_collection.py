"""Garbage collection in processes that load much once and then run for days."""

from __future__ import annotations

import gc
from typing import Any


def freeze_loaded_objects(**_: Any) -> None:
    """Exclude everything loaded by now from garbage collection.

    A full collection would look through all of it, which takes 60 ms in which the process does nothing else.
    Call this when loading is done. It also serves as a signal receiver.
    """
    gc.collect()
    gc.freeze()
