"""Search compares words as rules do: the columns `search` are made by the program, no longer by Postgres' parser.

They are empty after this. The periodic task fills them, newest first; `manage.py index_search` does it at once. A change of
a text without its words empties them again.
"""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

TRIGGERS = """
CREATE OR REPLACE FUNCTION inbox_forget_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER inbox_message_text_changed BEFORE UPDATE OF text ON inbox_message FOR EACH ROW
  WHEN (OLD.text IS DISTINCT FROM NEW.text AND OLD.search IS NOT DISTINCT FROM NEW.search)
  EXECUTE FUNCTION inbox_forget_search_words();
CREATE TRIGGER inbox_identity_name_changed BEFORE UPDATE OF handle, name ON inbox_identity FOR EACH ROW
  WHEN ((OLD.handle, OLD.name) IS DISTINCT FROM (NEW.handle, NEW.name) AND OLD.search IS NOT DISTINCT FROM NEW.search)
  EXECUTE FUNCTION inbox_forget_search_words();
"""

TRIGGERS_BACK = """
DROP TRIGGER inbox_message_text_changed ON inbox_message;
DROP TRIGGER inbox_identity_name_changed ON inbox_identity;
DROP FUNCTION inbox_forget_search_words();
"""


def _replace_column(model):
    return [
        migrations.RemoveIndex(model_name=model, name=f"{model}_search"),
        migrations.RemoveField(model_name=model, name="search"),
        migrations.AddField(
            model_name=model,
            name="search",
            field=django.contrib.postgres.search.SearchVectorField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name=model,
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name=f"{model}_search"),
        ),
        migrations.AddIndex(
            model_name=model,
            index=models.Index(
                condition=models.Q(("search__isnull", True)), fields=["id"], name=f"{model}_unindexed"
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("inbox", "0012_erasing_customers")]

    operations = [
        *_replace_column("message"),
        *_replace_column("identity"),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BACK),
    ]
