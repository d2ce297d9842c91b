"""Snoozed cases with their counts, reminders, and answers that are sent later."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from postgres.trigger_functions import create_text_eraser

_GROUP = "department_id, brand_account_id, visibility, assignee_id"
_COUNTED = "closed_at IS NULL OR unsent_since IS NOT NULL"
_SNOOZED = "(closed_at IS NULL AND snoozed_since IS NOT NULL)"
COUNTS = f"""
CREATE OR REPLACE FUNCTION inbox_case_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO inbox_casecount ({_GROUP}, delta, unsent_delta, snoozed_delta)
    SELECT {_GROUP}, count(*) FILTER (WHERE closed_at IS NULL), count(unsent_since), count(*) FILTER (WHERE {_SNOOZED})
    FROM new_rows WHERE {_COUNTED} GROUP BY 1, 2, 3, 4;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO inbox_casecount ({_GROUP}, delta, unsent_delta, snoozed_delta)
    SELECT {_GROUP}, -count(*) FILTER (WHERE closed_at IS NULL), -count(unsent_since), -count(*) FILTER (WHERE {_SNOOZED})
    FROM old_rows WHERE {_COUNTED} GROUP BY 1, 2, 3, 4;
  ELSE
    INSERT INTO inbox_casecount ({_GROUP}, delta, unsent_delta, snoozed_delta)
    SELECT {_GROUP}, sum(delta), sum(unsent_delta), sum(snoozed_delta) FROM (
      SELECT {_GROUP}, (closed_at IS NULL)::int AS delta, (unsent_since IS NOT NULL)::int AS unsent_delta,
        {_SNOOZED}::int AS snoozed_delta
      FROM new_rows WHERE {_COUNTED}
      UNION ALL
      SELECT {_GROUP}, -(closed_at IS NULL)::int, -(unsent_since IS NOT NULL)::int, -{_SNOOZED}::int
      FROM old_rows WHERE {_COUNTED}
    ) AS change GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0 OR sum(unsent_delta) <> 0 OR sum(snoozed_delta) <> 0;
  END IF;
  RETURN NULL;
END $$;
"""  # noqa: S608 (constants)
COUNTS_BEFORE = import_module("inbox.migrations.0003_answers_not_sent").COUNTS
_KEPT = " OR close_reason LIKE 'Merged into case %' OR close_reason LIKE 'Noise (rule %'"
_NOTES = """
  UPDATE inbox_reminder SET note = '' WHERE case_id = ANY(case_ids) AND note <> '';"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0017_history_in_the_audit_log'),
        ('inbox', '0029_canned_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('due_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('told_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='case',
            name='snoozed_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='case',
            name='snoozed_for',
            field=models.CharField(blank=True, choices=[('time', 'Snoozed'), ('customer', 'Until the customer writes'), ('colleague', 'Until a colleague has acted'), ('third_party', 'Waiting on a third party')], db_default='', default='', max_length=12),
        ),
        migrations.AddField(
            model_name='case',
            name='snoozed_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='snoozed_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='woke',
            field=models.CharField(blank=True, choices=[('time', 'It is time'), ('customer', 'The customer wrote'), ('target', 'A target is near'), ('colleague', 'A colleague acted'), ('moved', 'It was handed on')], db_default='', default='', max_length=12),
        ),
        migrations.AddField(
            model_name='casecount',
            name='snoozed_delta',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='reply',
            name='planned_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='verb',
            field=models.CharField(choices=[('opened', 'opened'), ('routed', 'routed'), ('reopened', 'reopened'), ('undone', 'undid what they had just done'), ('assigned', 'assigned'), ('customer_tagged', 'customer tagged'), ('case_tagged', 'case tagged'), ('handed_over', 'handed over'), ('taken_back', 'took a hand-over back'), ('accepted', 'accepted'), ('noted', 'noted'), ('answered', 'answered'), ('answered_natively', "answered in the network's own app"), ('reply_queued', 'answer queued'), ('reply_planned', 'planned an answer'), ('reply_cancelled', 'answer taken back'), ('reply_failed', 'answer failed'), ('reply_unconfirmed', 'answer unconfirmed'), ('reply_settled', 'unconfirmed answer settled'), ('resolved', 'resolved'), ('dismissed', 'dismissed'), ('snoozed', 'snoozed'), ('woken', 'back from snooze'), ('prioritised', 'changed the priority'), ('playbook_answered', 'answered the playbook'), ('playbook_taken_back', 'took an answer to the playbook back'), ('sla_missed', 'target missed'), ('escalated', 'escalated'), ('suggestion_declined', 'declined a suggestion'), ('message_edited', 'customer edited a message'), ('message_deleted', 'message deleted on the network'), ('message_corrected', 'reading corrected'), ('related', 'related case'), ('split', 'split'), ('merged', 'merged'), ('learning_linked', 'linked to a learning item'), ('learning_unlinked', 'unlinked from a learning item')], max_length=24),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('due_soon', 'Due soon'), ('breached', 'Target missed'), ('assigned', 'Assigned to you'), ('bounced', 'Came back'), ('ping_pong', 'Bounced between departments'), ('solved', 'Resolved'), ('dismissed', 'Dismissed'), ('moved', 'Reassigned'), ('rule', 'New rule'), ('not_sent', 'Not sent'), ('unconfirmed', 'Unconfirmed'), ('trouble', 'Account in trouble'), ('trouble_over', 'Problem solved'), ('charter', 'Charter'), ('review', 'Review due'), ('learning', 'Learning item'), ('linked', 'Linked customers'), ('file', 'File'), ('woke', 'Back from snooze'), ('reminder', 'Reminder'), ('taken_back', 'Planned answer')], max_length=12),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('snoozed_since__isnull', False)), fields=['snoozed_until'], name='case_snoozed'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('snoozed_by__isnull', False), ('snoozed_since__isnull', True)), fields=['id'], name='case_woken'),
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(condition=models.Q(('planned_at__isnull', False), ('state', 'queued')), fields=['case'], name='reply_planned'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inbox.case'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('told_at__isnull', True)), fields=['due_at'], name='reminder_due'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(fields=['user', 'due_at'], name='reminder_list'),
        ),
        migrations.RunSQL(COUNTS, COUNTS_BEFORE),
        migrations.RunSQL(
            create_text_eraser(kept_reasons=_KEPT, elsewhere=_NOTES), create_text_eraser(kept_reasons=_KEPT)
        ),
    ]
