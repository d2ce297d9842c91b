"""Erasing one customer, although the application's role cannot change history.

The database erases only whom an `Erasure` of the last minute names, and keeps these rows: nobody is erased without a trace.
"""

from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

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
ERASING = """
CREATE OR REPLACE FUNCTION inbox_erase_customer(erased bigint)
RETURNS TABLE (cases bigint, messages bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  case_ids bigint[];
BEGIN
  IF NOT EXISTS (
    SELECT FROM inbox_erasure e WHERE e.customer_id = erased AND e.at > now() - interval '1 minute'
  ) THEN
    RAISE EXCEPTION 'customer % is erased only together with an entry of it', erased
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  case_ids := ARRAY(SELECT c.id FROM inbox_case c WHERE c.customer_id = erased ORDER BY c.id FOR NO KEY UPDATE);
  cases := cardinality(case_ids);
  messages := inbox_erase_texts(case_ids);
  UPDATE inbox_message SET thread_id = 'erased:' || case_id
  WHERE case_id = ANY(case_ids) AND visibility = 'direct' AND thread_id <> '';
  UPDATE inbox_case SET thread_id = 'erased:' || id
  WHERE id = ANY(case_ids) AND visibility = 'direct' AND thread_id <> '';
  DELETE FROM inbox_quarantined q USING inbox_identity i
  WHERE i.customer_id = erased AND length(i.remote_id) > 4
    AND position(convert_to(i.remote_id, 'UTF8') IN q.raw) > 0;
  DELETE FROM inbox_rulepreview WHERE state NOT IN ('waiting', 'running');
  UPDATE inbox_identity SET remote_id = 'erased:' || id, handle = '', name = '', avatar_url = '', followers = NULL,
    verified = false
  WHERE customer_id = erased;
  UPDATE inbox_customer SET name = '', tags = '[]' WHERE id = erased;
  RETURN NEXT;
END $$;
"""
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
