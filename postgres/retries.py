"""Trying a transaction again when Postgres ended it without a fault of its own."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, transaction

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

_PAUSES = (0.2, 1.0, 3.0)


def retry_when_database_busy(store: Callable[P, R]) -> Callable[P, R]:
    """Retry when Postgres aborted this transaction or is restarting.

    It aborts one of two transactions in a deadlock. Three retries, 0.2, 1 and 3 s apart; none inside a transaction.
    """

    @functools.wraps(store)
    def storing(*args: P.args, **kwargs: P.kwargs) -> R:
        for pause in _PAUSES:
            if transaction.get_connection().in_atomic_block:
                break
            try:
                return store(*args, **kwargs)
            except OperationalError as error:
                logger.warning("%s could not be stored, trying again: %s", store.__name__, error)
                time.sleep(pause)
                transaction.get_connection().close_if_unusable_or_obsolete()
        return store(*args, **kwargs)

    return storing
