"""The migrations make what the models declare."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db
ROOMS = ("accounts", "routing", "inbox", "reports")


@pytest.mark.parametrize("room", ROOMS)
def test_the_database_has_each_index_and_constraint_that_a_model_names(room):
    # Django forgets: an altered foreign key takes a partial unique index on the same column with it.
    missing = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config(room).get_models():
            existing = connection.introspection.get_constraints(cursor, model._meta.db_table)
            declared = [*model._meta.indexes, *model._meta.constraints]
            missing += [index.name for index in declared if index.name not in existing]
    assert missing == []


def test_a_function_of_the_database_is_written_once():
    # A copy in another migration is forgotten when one of them changes.
    root = Path(__file__).resolve().parents[1]
    written = Counter(
        text
        for folder in ("accounts/migrations", "inbox/migrations", "routing/migrations", "postgres")
        for path in (root / folder).glob("*.py")
        for text in re.findall(
            r"CREATE OR REPLACE FUNCTION.*?\bEND \$\$;", path.read_text(encoding="utf-8"), re.DOTALL
        )
    )
    assert len(written) >= 10
    assert [text.split("(")[0] for text, number in written.items() if number > 1] == []
