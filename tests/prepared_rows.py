"""Rows that many tests begin with: built once in a process, then copied into each test."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Generic, TypeVar

from django.apps import apps
from django.db import connection, models, transaction

from inbox.models import CaseCount

Built = TypeVar("Built")
ROOMS = ("accounts", "routing", "inbox")


class PreparedRows(Generic[Built]):
    """Runs `build` once, and inserts copies of its rows later: one statement per table.

    `build` uses the verbs of the product, which takes a hundred statements; the verbs have tests of their own. It is run
    each time that it finds rows in the tables, since what it makes may depend on them. Its result must be picklable. The
    copies have the ids of the first rows, which no sequence hands out again.
    """

    def __init__(self, build: Callable[[], Built]) -> None:
        self._build = build
        self._result = b""
        self._rows: dict[type[models.Model], bytes] = {}

    def insert(self) -> Built:
        """Put the rows into the database. Return a copy of the result of `build`."""
        if not are_tables_empty(list(self._rows) or own_models()):
            return self._build()
        if not self._rows:
            return self._build_and_remember()
        with transaction.atomic():
            for model, rows in self._rows.items():
                model._base_manager.bulk_create(pickle.loads(rows))
        return pickle.loads(self._result)

    def _build_and_remember(self) -> Built:
        result = self._build()
        self._result = pickle.dumps(result)
        rows = {model: list(model._base_manager.all()) for model in own_models()}
        self._rows = {model: pickle.dumps(made) for model, made in rows.items() if made}
        return result


def own_models() -> list[type[models.Model]]:
    """Return the models of our rooms, without the counts of cases: a trigger writes those."""
    configs = [apps.get_app_config(room) for room in ROOMS]
    models_of_rooms = (model for config in configs for model in config.get_models(include_auto_created=True))
    return [model for model in models_of_rooms if model is not CaseCount]


def are_tables_empty(tables: list[type[models.Model]]) -> bool:
    """Return whether the tables of these models hold nothing; one statement."""
    conditions = " OR ".join(f'EXISTS (SELECT FROM "{model._meta.db_table}")' for model in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {conditions}")
        return not cursor.fetchone()[0]
