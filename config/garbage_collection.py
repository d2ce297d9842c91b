"""The garbage collector, in processes that load much once and then work for days."""

from __future__ import annotations

import gc
from typing import Any


def freeze_loaded_objects(**_: Any) -> None:
    """Take what is loaded for good out of the collector's rounds: each full one would look through all of it, which is
    60 ms in which a process does nothing else. Called when loading is done; as a signal's receiver, too.
    """
    gc.collect()
    gc.freeze()
