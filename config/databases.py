"""Settings of the connections to Postgres, from the environment."""

from __future__ import annotations

from typing import Any

import environ


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
    else:
        database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)
    return database
