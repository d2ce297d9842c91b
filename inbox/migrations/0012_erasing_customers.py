"""Erasing one customer, although the application's role cannot change history.

The database erases only whom an `Erasure` of the last minute names, and keeps these rows: nobody is erased without a trace.
"""

from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from postgres.trigger_functions import create_erase_customer

KEPT = """
CREATE OR REPLACE TRIGGER inbox_erasure_kept BEFORE UPDATE OR DELETE ON inbox_erasure
  FOR EACH ROW EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_erasure_not_emptied BEFORE TRUNCATE ON inbox_erasure
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_keep_history();
"""
KEPT_BACK = """
DROP TRIGGER inbox_erasure_kept ON inbox_erasure;
DROP TRIGGER inbox_erasure_not_emptied ON inbox_erasure;
"""

# The ids that networks gave to the customer go, too. The conversation of a direct message is named after the people in it.
ERASING = create_erase_customer()
ERASING_BACK = "DROP FUNCTION inbox_erase_customer(bigint)"


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0011_related_cases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inbox.customer"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(KEPT, KEPT_BACK),
        migrations.RunSQL(ERASING, ERASING_BACK),
    ]
