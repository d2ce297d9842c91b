"""The guard of history: rows that nobody changes, deletes or truncates, whatever statement asks for it."""

from __future__ import annotations

from django.db import migrations

# `horseshoe.history` is set by `postgres.history.open_history`. Anybody may set it, so it counts only for the owner of
# the table: the role of migrations, or a SECURITY DEFINER function of that role.
GUARD = """
CREATE OR REPLACE FUNCTION accounts_history_is_open(guarded oid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN current_setting('horseshoe.history', true) IS NOT DISTINCT FROM 'open'
    AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = guarded), 'USAGE');
END $$;
CREATE OR REPLACE FUNCTION accounts_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF accounts_history_is_open(TG_RELID) THEN
    IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'history is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

GUARD_BACK = """
DROP FUNCTION accounts_keep_history();
DROP FUNCTION accounts_history_is_open(oid);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sign_in_counters")]
    operations = [migrations.RunSQL(GUARD, GUARD_BACK)]
