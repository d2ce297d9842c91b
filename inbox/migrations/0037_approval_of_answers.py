"""Approval of answers: rules, new people, who may approve, requests, and answers that wait for one."""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from postgres.trigger_functions import create_text_eraser

_SNOOZE = import_module("inbox.migrations.0030_snooze_and_later")
_WORDS = """
  UPDATE inbox_approval a SET words = '', asked_text = '', reasons = '[]' FROM inbox_reply r
  WHERE r.id = a.reply_id AND r.case_id = ANY(case_ids);"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0021_approval_of_answers'),
        ('inbox', '0036_saved_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('pending', 'Waits for approval'), ('approved', 'Approved'), ('changes', 'Changes asked for'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('overtaken', 'Overtaken')], default='pending', max_length=12)),
                ('reasons', models.JSONField(default=list)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('words', models.CharField(blank=True, max_length=500)),
                ('asked_text', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='ApprovalRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('min_followers', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000)])),
                ('customer_tag', models.CharField(blank=True, max_length=40)),
                ('case_tag', models.CharField(blank=True, max_length=40)),
                ('word_list', models.CharField(blank=True, max_length=80)),
                ('public_only', models.BooleanField(default=False)),
                ('is_on', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name='Approver',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('given_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Ramp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('needed', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(500)])),
                ('approved', models.PositiveSmallIntegerField(default=0)),
                ('started_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='reply',
            name='reply_one_live_per_message',
        ),
        migrations.AddField(
            model_name='reply',
            name='approved_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reply',
            name='needs_approval',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='verb',
            field=models.CharField(choices=[('opened', 'opened'), ('routed', 'routed'), ('reopened', 'reopened'), ('undone', 'undid what they had just done'), ('assigned', 'assigned'), ('customer_tagged', 'customer tagged'), ('case_tagged', 'case tagged'), ('handed_over', 'handed over'), ('taken_back', 'took a hand-over back'), ('accepted', 'accepted'), ('noted', 'noted'), ('answered', 'answered'), ('answered_natively', "answered in the network's own app"), ('reply_queued', 'answer queued'), ('reply_planned', 'planned an answer'), ('approval_asked', 'asked for approval'), ('approved', 'approved an answer'), ('changes_asked', 'asked for changes to an answer'), ('approval_declined', 'declined an answer'), ('approval_withdrawn', 'withdrew an answer'), ('approval_undone', 'took an approval back'), ('approval_overtaken', 'answer went back to its author'), ('reply_cancelled', 'answer taken back'), ('reply_failed', 'answer failed'), ('reply_unconfirmed', 'answer unconfirmed'), ('reply_settled', 'unconfirmed answer settled'), ('resolved', 'resolved'), ('dismissed', 'dismissed'), ('snoozed', 'snoozed'), ('woken', 'back from snooze'), ('prioritised', 'changed the priority'), ('playbook_answered', 'answered the playbook'), ('playbook_taken_back', 'took an answer to the playbook back'), ('sla_missed', 'target missed'), ('escalated', 'escalated'), ('suggestion_declined', 'declined a suggestion'), ('message_edited', 'customer edited a message'), ('message_deleted', 'message deleted on the network'), ('message_corrected', 'reading corrected'), ('related', 'related case'), ('split', 'split'), ('merged', 'merged'), ('learning_linked', 'linked to a learning item'), ('macro_run', 'ran a macro'), ('learning_unlinked', 'unlinked from a learning item')], max_length=24),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('due_soon', 'Due soon'), ('breached', 'Target missed'), ('assigned', 'Assigned to you'), ('bounced', 'Came back'), ('ping_pong', 'Bounced between departments'), ('solved', 'Resolved'), ('dismissed', 'Dismissed'), ('moved', 'Reassigned'), ('rule', 'New rule'), ('not_sent', 'Not sent'), ('unconfirmed', 'Unconfirmed'), ('trouble', 'Account in trouble'), ('trouble_over', 'Problem solved'), ('charter', 'Charter'), ('review', 'Review due'), ('learning', 'Learning item'), ('linked', 'Linked customers'), ('file', 'File'), ('woke', 'Back from snooze'), ('reminder', 'Reminder'), ('taken_back', 'Planned answer'), ('to_approve', 'To approve'), ('decided', 'Approval')], max_length=12),
        ),
        migrations.AlterField(
            model_name='noticechoice',
            name='kind',
            field=models.CharField(choices=[('due_soon', 'Due soon'), ('breached', 'Target missed'), ('assigned', 'Assigned to you'), ('bounced', 'Came back'), ('ping_pong', 'Bounced between departments'), ('solved', 'Resolved'), ('dismissed', 'Dismissed'), ('moved', 'Reassigned'), ('rule', 'New rule'), ('not_sent', 'Not sent'), ('unconfirmed', 'Unconfirmed'), ('trouble', 'Account in trouble'), ('trouble_over', 'Problem solved'), ('charter', 'Charter'), ('review', 'Review due'), ('learning', 'Learning item'), ('linked', 'Linked customers'), ('file', 'File'), ('woke', 'Back from snooze'), ('reminder', 'Reminder'), ('taken_back', 'Planned answer'), ('to_approve', 'To approve'), ('decided', 'Approval')], max_length=12),
        ),
        migrations.AlterField(
            model_name='reply',
            name='state',
            field=models.CharField(choices=[('pending', 'Waits for approval'), ('queued', 'Queued'), ('sending', 'Sending'), ('sent', 'Sent'), ('failed', 'Failed'), ('unconfirmed', 'Unconfirmed'), ('cancelled', 'Taken back')], default='queued', max_length=12),
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['created_at'], name='reply_pending'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.CheckConstraint(condition=models.Q(('needs_approval', False), ('approved_by__isnull', False), ('state__in', ['pending', 'cancelled']), _connector='OR'), name='reply_approved_before_it_leaves'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', models.F('author')), _negated=True), name='reply_approved_by_somebody_else'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['pending', 'queued', 'sending', 'unconfirmed'])), fields=('parent',), name='reply_one_live_per_message'),
        ),
        migrations.AddField(
            model_name='approval',
            name='decided_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approval',
            name='reply',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='approval', to='inbox.reply'),
        ),
        migrations.AddField(
            model_name='approval',
            name='text_by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approvalrule',
            name='brand_account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='approval_rules', to='accounts.brandaccount'),
        ),
        migrations.AddField(
            model_name='approvalrule',
            name='changed_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approvalrule',
            name='department',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='approval_rules', to='accounts.department'),
        ),
        migrations.AddField(
            model_name='approver',
            name='department',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approvers', to='accounts.department'),
        ),
        migrations.AddField(
            model_name='approver',
            name='given_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approver',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='approves', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ramp',
            name='started_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ramp',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='ramp', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(fields=['decided_by', 'decided_at'], name='approval_decided'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by', models.F('text_by')), _negated=True), _connector='OR'), name='approval_decided_by_another'),
        ),
        migrations.AddConstraint(
            model_name='approvalrule',
            constraint=models.CheckConstraint(condition=models.Q(('department__isnull', False), ('brand_account__isnull', False), ('min_followers__isnull', False), models.Q(('customer_tag', ''), _negated=True), models.Q(('case_tag', ''), _negated=True), models.Q(('word_list', ''), _negated=True), _connector='OR'), name='approval_rule_has_condition'),
        ),
        migrations.AddConstraint(
            model_name='approver',
            constraint=models.UniqueConstraint(fields=('user', 'department'), name='approver_once'),
        ),
        migrations.RunSQL(
            create_text_eraser(kept_reasons=_SNOOZE._KEPT, elsewhere=_SNOOZE._NOTES + _WORDS),
            create_text_eraser(kept_reasons=_SNOOZE._KEPT, elsewhere=_SNOOZE._NOTES),
        ),
    ]
