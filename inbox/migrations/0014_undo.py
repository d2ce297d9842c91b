"""What was just done can be undone: a new event, and a custody whose acceptance is taken back within a minute."""

from __future__ import annotations

from django.db import migrations, models

from postgres.trigger_functions import create_custody_guard

_YOUNG = " AND OLD.written_at > now() - interval '1 minute'"
_UNDONE = """
           OR (OLD.left_at IS NULL AND NEW.accepted_at IS NULL AND NEW.accepted_by_id IS NULL
               AND OLD.accepted_at > now() - interval '1 minute')"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0013_search_words")]
    operations = [
        migrations.RunSQL(
            create_custody_guard(unaccepted=_UNDONE, deletable=_YOUNG), create_custody_guard(deletable=_YOUNG)
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='verb',
            field=models.CharField(choices=[('opened', 'opened'), ('routed', 'routed'), ('reopened', 'reopened'), ('undone', 'undid what they had just done'), ('assigned', 'assigned'), ('customer_tagged', 'customer tagged'), ('case_tagged', 'case tagged'), ('handed_over', 'handed over'), ('taken_back', 'took a hand-over back'), ('accepted', 'accepted'), ('noted', 'noted'), ('answered', 'answered'), ('answered_natively', "answered in the network's own app"), ('reply_queued', 'answer queued'), ('reply_cancelled', 'answer taken back'), ('reply_failed', 'answer failed'), ('reply_unconfirmed', 'answer unconfirmed'), ('reply_settled', 'unconfirmed answer settled'), ('resolved', 'resolved'), ('dismissed', 'dismissed'), ('prioritised', 'changed the priority'), ('playbook_answered', 'answered the playbook'), ('playbook_taken_back', 'took an answer to the playbook back'), ('sla_missed', 'target missed'), ('escalated', 'escalated'), ('suggestion_declined', 'declined a suggestion'), ('message_edited', 'customer edited a message'), ('message_deleted', 'message deleted on the network'), ('message_corrected', 'reading corrected'), ('related', 'related case'), ('split', 'split'), ('merged', 'merged')], max_length=24),
        ),
    ]
