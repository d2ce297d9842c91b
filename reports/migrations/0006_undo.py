"""Undoing an import of history, although the application's role cannot delete history.

Only an import that is being undone loses cases, and only those that are as it left them: nobody has changed them, written in them
or answered. Customers of whom nothing is left go, too, but for those of whom an erasing is on record.
"""

from __future__ import annotations

from django.db import migrations

UNDO = """
CREATE OR REPLACE FUNCTION reports_undo_import(undone bigint, most integer)
RETURNS TABLE (cases bigint, messages bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  case_ids bigint[];
  identity_ids bigint[];
  customer_ids bigint[];
BEGIN
  IF NOT EXISTS (SELECT FROM reports_historyimport i WHERE i.id = undone AND i.state = 'undoing') THEN
    RAISE EXCEPTION 'import % is not being undone', undone USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  case_ids := ARRAY(
    SELECT c.id FROM reports_importedconversation k JOIN inbox_case c ON c.id = k.case_id
    WHERE k.history_import_id = undone AND c.historical AND c.version = 1 AND c.assignee_id IS NULL
      AND NOT EXISTS (SELECT FROM inbox_message m WHERE m.case_id = c.id AND NOT m.historical)
      AND NOT EXISTS (SELECT FROM inbox_reply r WHERE r.case_id = c.id)
      AND NOT EXISTS (SELECT FROM inbox_draft r WHERE r.case_id = c.id)
      AND NOT EXISTS (SELECT FROM inbox_watch r WHERE r.case_id = c.id)
      AND NOT EXISTS (SELECT FROM inbox_caseplaybook r WHERE r.case_id = c.id)
      AND NOT EXISTS (SELECT FROM inbox_messagecorrection r JOIN inbox_message m ON m.id = r.message_id
                      WHERE m.case_id = c.id)
    ORDER BY c.id LIMIT most FOR UPDATE OF c SKIP LOCKED);
  cases := cardinality(case_ids);
  identity_ids := ARRAY(SELECT DISTINCT m.identity_id FROM inbox_message m
    WHERE m.case_id = ANY(case_ids) AND m.identity_id IS NOT NULL);
  customer_ids := ARRAY(SELECT DISTINCT i.customer_id FROM inbox_identity i WHERE i.id = ANY(identity_ids));
  PERFORM set_config('horseshoe.history', 'open', true);
  DELETE FROM inbox_decision WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_caseevent WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_custody WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_routingsuggestion WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_escalation WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_noticedcase WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_notice WHERE case_id = ANY(case_ids);
  DELETE FROM routing_routingexample WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_message WHERE case_id = ANY(case_ids);
  GET DIAGNOSTICS messages = ROW_COUNT;
  DELETE FROM reports_importedconversation WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_case WHERE id = ANY(case_ids);
  DELETE FROM inbox_identity i WHERE i.id = ANY(identity_ids)
    AND NOT EXISTS (SELECT FROM inbox_message m WHERE m.identity_id = i.id)
    AND NOT EXISTS (SELECT FROM inbox_case c WHERE c.identity_id = i.id);
  DELETE FROM inbox_customer u WHERE u.id = ANY(customer_ids)
    AND NOT EXISTS (SELECT FROM inbox_identity i WHERE i.customer_id = u.id)
    AND NOT EXISTS (SELECT FROM inbox_case c WHERE c.customer_id = u.id)
    AND NOT EXISTS (SELECT FROM inbox_erasure e WHERE e.customer_id = u.id)
    AND NOT EXISTS (SELECT FROM inbox_customer o WHERE o.merged_into_id = u.id);
  PERFORM set_config('horseshoe.history', 'closed', true);
  RETURN NEXT;
END $$;
"""
UNDO_BACK = "DROP FUNCTION reports_undo_import(bigint, integer)"


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_saved_reports"), ("inbox", "0017_plain_names_of_notices")]
    operations = [migrations.RunSQL(UNDO, UNDO_BACK)]
