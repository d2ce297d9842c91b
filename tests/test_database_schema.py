"""The migrations make what the models declare."""

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
