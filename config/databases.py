"""Settings of the connections to Postgres, from the environment."""

from __future__ import annotations

from typing import Any

import environ
from django.db import connections

from postgres.time_limits import PAGE_LIMITS, TASK_LIMITS, TimeLimits


def build_database_settings(env: environ.Env, url: str) -> dict[str, Any]:
    """Return Django's settings of the one database.

    Without a `url` those that tooling needs.
    """
    database: dict[str, Any] = (
        environ.Env.db_url_config(url)
        if url
        else {"ENGINE": "django.db.backends.postgresql", "NAME": "horseshoe"}
    )
    options = database.setdefault("OPTIONS", {})
    database["ATOMIC_REQUESTS"] = False
    if env.bool("DATABASE_TRANSACTION_POOLER", default=False):
        # The pooler may give every transaction another connection, without the last one's prepared statements and cursors.
        options["prepare_threshold"] = None
        database["DISABLE_SERVER_SIDE_CURSORS"] = True
    else:
        # A statement with bound values (see postgres/bound_cursors.py) is prepared on its connection after this many uses.
        options.setdefault("prepare_threshold", 3)
    if env.bool("DATABASE_POOL", default=False):
        # For web processes only: under ASGI a persistent connection would belong to a short-lived thread.
        options["pool"] = {
            "min_size": 2,
            "max_size": env.int("DATABASE_POOL_SIZE", default=16),
            "timeout": 10,
        }
        _add_time_limits(database, PAGE_LIMITS)
    else:
        database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)
    return database


def limit_time_of_tasks() -> None:
    """Limit the time of statements on connections that this process opens."""
    _add_time_limits(connections.settings["default"], TASK_LIMITS)


def _add_time_limits(database: dict[str, Any], limits: TimeLimits) -> None:
    """Add time limits to the options of new connections.

    What DATABASE_URL says itself comes last and counts. A pooler refuses options: there they are set for the role.
    """
    if not database.get("DISABLE_SERVER_SIDE_CURSORS"):
        options = database["OPTIONS"]
        options["options"] = f"{limits.as_options()} {options.get('options', '')}".strip()
