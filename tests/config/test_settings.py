"""Settings that the environment decides, each in a process that starts with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_PLANNED = """
import django
django.setup()
from django.db import connection
from postgres.bound_cursors import bound_cursor
for number in range(9):
    with bound_cursor() as cursor:
        cursor.execute("SELECT %(number)s::int AS asked_again", {"number": number})
        assert cursor.fetchone() == (number,)
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%asked_again%%'", [])
    print(cursor.fetchone()[0], connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("pooler", "planned"), [("0", "1 False"), ("1", "0 True")])
def test_behind_a_transaction_pooler_no_statement_stays_on_a_connection(pooler, planned):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_TRANSACTION_POOLER": pooler,
    }
    answer = subprocess.run(
        [sys.executable, "-c", _PLANNED], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.stdout.strip() == planned, answer.stderr
