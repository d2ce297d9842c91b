"""Names that came with the product follow its words; those that people gave stay."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from tests.factories import DepartmentFactory


@pytest.mark.parametrize(
    ("name", "renamed"), [("Nothing to do", "No reply needed"), ("Off topic", "Off topic")]
)
def test_the_department_of_spam_is_renamed_where_nobody_named_it(db, name, renamed):
    spam = DepartmentFactory(slug="spam", name=name)
    import_module("accounts.migrations.0013_plain_words").rename_department(apps, None)
    spam.refresh_from_db()
    assert spam.name == renamed
