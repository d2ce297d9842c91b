"""Time limits of statements, locks and idle transactions, by kind of process.

A connection is opened with them. Migrations, benches and other commands have none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds for one statement, for the wait for one lock, and for a transaction that does nothing."""

    statement: float
    lock: float
    idle_in_transaction: float

    def as_options(self) -> str:
        """Return the limits as `options` of a connection."""
        seconds = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle_in_transaction,
        }
        return " ".join(f"-c {name}={round(value * 1000)}" for name, value in seconds.items())


#: The lock's is short: everybody who waits for a lock holds one of a few threads, and others' pages wait for a thread.
PAGE_LIMITS = TimeLimits(statement=15, lock=0.5, idle_in_transaction=15)
#: Less than a lease of polling or sending for the lock. Training and deleting old rows may take minutes.
TASK_LIMITS = TimeLimits(statement=600, lock=20, idle_in_transaction=300)


def is_lock_timeout(error: BaseException) -> bool:
    """Return whether somebody else held a lock for longer than the limit."""
    return _sqlstate(error) == "55P03"


def is_deadlock(error: BaseException) -> bool:
    """Return whether two transactions waited for one another."""
    return _sqlstate(error) == "40P01"


def is_statement_timeout(error: BaseException) -> bool:
    """Return whether a statement took longer than the limit."""
    return _sqlstate(error) == "57014"


def _sqlstate(error: BaseException) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or "")
