"""What was just done can be undone: a new event, and a custody whose acceptance is taken back within a minute."""

from __future__ import annotations

from django.db import migrations, models

_KEEP_CUSTODY = """
CREATE OR REPLACE FUNCTION inbox_keep_custody() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moving CONSTANT text[] := ARRAY['accepted_at', 'accepted_by_id', 'left_at'];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF to_jsonb(NEW) - moving = to_jsonb(OLD) - moving
      AND (OLD.accepted_at IS NULL{undone}
           OR (NEW.accepted_at, NEW.accepted_by_id) IS NOT DISTINCT FROM (OLD.accepted_at, OLD.accepted_by_id))
      AND (OLD.left_at IS NULL OR NEW.left_at IS NULL OR NEW.left_at = OLD.left_at)
    THEN RETURN NEW; END IF;
  ELSIF OLD.left_at IS NULL AND OLD.accepted_at IS NULL AND OLD.from_department_id IS NOT NULL AND OLD.written_at > now() - interval '1 minute' THEN
    RETURN OLD;
  END IF;
  IF accounts_history_is_open(TG_RELID) THEN
    IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'history is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
_UNDONE = """
           OR (OLD.left_at IS NULL AND NEW.accepted_at IS NULL AND NEW.accepted_by_id IS NULL
               AND OLD.accepted_at > now() - interval '1 minute')"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0013_search_words")]
    operations = [
        migrations.RunSQL(_KEEP_CUSTODY.replace("{undone}", _UNDONE), _KEEP_CUSTODY.replace("{undone}", "")),
        migrations.AlterField(
            model_name='caseevent',
            name='verb',
            field=models.CharField(choices=[('opened', 'opened'), ('routed', 'routed'), ('reopened', 'reopened'), ('undone', 'undid what they had just done'), ('assigned', 'assigned'), ('customer_tagged', 'customer tagged'), ('case_tagged', 'case tagged'), ('handed_over', 'handed over'), ('taken_back', 'took a hand-over back'), ('accepted', 'accepted'), ('noted', 'noted'), ('answered', 'answered'), ('answered_natively', "answered in the network's own app"), ('reply_queued', 'answer queued'), ('reply_cancelled', 'answer taken back'), ('reply_failed', 'answer failed'), ('reply_unconfirmed', 'answer unconfirmed'), ('reply_settled', 'unconfirmed answer settled'), ('resolved', 'resolved'), ('dismissed', 'dismissed'), ('prioritised', 'changed the priority'), ('playbook_answered', 'answered the playbook'), ('playbook_taken_back', 'took an answer to the playbook back'), ('sla_missed', 'target missed'), ('escalated', 'escalated'), ('suggestion_declined', 'declined a suggestion'), ('message_edited', 'customer edited a message'), ('message_deleted', 'message deleted on the network'), ('message_corrected', 'reading corrected'), ('related', 'related case'), ('split', 'split'), ('merged', 'merged')], max_length=24),
        ),
    ]
