"""Marks and counts cases with an answer that was not sent; what the network said; when a person queued it again."""

from importlib import import_module


from django.conf import settings
from django.db import migrations, models


COUNTS = """
CREATE OR REPLACE FUNCTION inbox_case_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO inbox_casecount (department_id, brand_account_id, visibility, assignee_id, delta, unsent_delta)
    SELECT department_id, brand_account_id, visibility, assignee_id,
      count(*) FILTER (WHERE closed_at IS NULL), count(unsent_since)
    FROM new_rows WHERE closed_at IS NULL OR unsent_since IS NOT NULL GROUP BY 1, 2, 3, 4;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO inbox_casecount (department_id, brand_account_id, visibility, assignee_id, delta, unsent_delta)
    SELECT department_id, brand_account_id, visibility, assignee_id,
      -count(*) FILTER (WHERE closed_at IS NULL), -count(unsent_since)
    FROM old_rows WHERE closed_at IS NULL OR unsent_since IS NOT NULL GROUP BY 1, 2, 3, 4;
  ELSE
    INSERT INTO inbox_casecount (department_id, brand_account_id, visibility, assignee_id, delta, unsent_delta)
    SELECT department_id, brand_account_id, visibility, assignee_id, sum(delta), sum(unsent_delta) FROM (
      SELECT department_id, brand_account_id, visibility, assignee_id,
        (closed_at IS NULL)::int AS delta, (unsent_since IS NOT NULL)::int AS unsent_delta
      FROM new_rows WHERE closed_at IS NULL OR unsent_since IS NOT NULL
      UNION ALL
      SELECT department_id, brand_account_id, visibility, assignee_id,
        -(closed_at IS NULL)::int, -(unsent_since IS NOT NULL)::int
      FROM old_rows WHERE closed_at IS NULL OR unsent_since IS NOT NULL
    ) AS change GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0 OR sum(unsent_delta) <> 0;
  END IF;
  RETURN NULL;
END $$;
"""

#: Marks what has failed already.
MARKS = """
UPDATE inbox_reply SET outcome_unknown = true WHERE state IN ('sending', 'unconfirmed');
UPDATE inbox_case c SET unsent = r.unsent, unsent_since = now() FROM (
  SELECT DISTINCT ON (case_id) case_id, CASE state WHEN 'failed' THEN 'failed' ELSE 'unconfirmed' END AS unsent,
    state = 'failed' OR (state = 'unconfirmed' AND needs_person) AS is_unsent
  FROM inbox_reply WHERE state <> 'cancelled'
  ORDER BY case_id, state = 'unconfirmed' AND needs_person DESC, created_at DESC
) r WHERE r.case_id = c.id AND r.is_unsent AND c.closed_at IS NULL;
"""
COUNTS_BEFORE = import_module("inbox.migrations.0002_triggers").COUNTS


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_sign_in_counters'),
        ('inbox', '0002_triggers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='unsent',
            field=models.CharField(blank=True, choices=[('failed', 'Not sent'), ('unconfirmed', 'Unconfirmed')], db_default='', default='', max_length=12),
        ),
        migrations.AddField(
            model_name='case',
            name='unsent_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='casecount',
            name='unsent_delta',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='reply',
            name='error_detail',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.AddField(
            model_name='reply',
            name='outcome_unknown',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='reply',
            name='queued_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('due_soon', 'Due soon'), ('breached', 'Promise missed'), ('assigned', 'Assigned to you'), ('bounced', 'Came back'), ('ping_pong', 'Sent to and fro'), ('solved', 'Solved'), ('dismissed', 'Dismissed'), ('moved', 'Moved on'), ('rule', 'New rule'), ('not_sent', 'Not sent'), ('unconfirmed', 'Unconfirmed')], max_length=12),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.OrderBy(models.F('unsent_since'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('unsent_since__isnull', False)), name='case_unsent'),
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(condition=models.Q(('outcome_unknown', True), models.Q(('state', 'sent'), _negated=True)), fields=['brand_account'], name='reply_may_stand'),
        ),
        migrations.RunSQL(COUNTS, COUNTS_BEFORE),
        migrations.RunSQL(MARKS, migrations.RunSQL.noop),
    ]
