"""Acts on many cases at once. What an item keeps for its undo goes with the texts of its case."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# No statement of ingest or of a verb sets `erased_at`, so the trigger costs them nothing.
FORGET_ERASED = """
CREATE OR REPLACE FUNCTION inbox_forget_bulk_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE inbox_bulkitem SET undo = '{}', reason = '' WHERE case_id = NEW.id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inbox_case_erased_from_acts AFTER UPDATE OF erased_at ON inbox_case
  FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION inbox_forget_bulk_items();
"""
FORGET_ERASED_BACK = """
DROP TRIGGER inbox_case_erased_from_acts ON inbox_case;
DROP FUNCTION inbox_forget_bulk_items();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0030_snooze_and_later'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('take', 'Take'), ('assign', 'Assign'), ('hand_over', 'Hand over'), ('resolve', 'Resolve'), ('dismiss', 'Dismiss'), ('tag', 'Tag'), ('untag', 'Remove a tag'), ('prioritise', 'Set the priority'), ('snooze', 'Snooze')], max_length=12)),
                ('details', models.JSONField(default=dict)),
                ('chosen', models.CharField(blank=True, max_length=300)),
                ('came_from', models.CharField(blank=True, max_length=1000)),
                ('state', models.CharField(choices=[('running', 'Running'), ('stopped', 'Stopped'), ('done', 'Done'), ('undoing', 'Being undone'), ('undone', 'Undone')], default='running', max_length=10)),
                ('found', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('undone', models.PositiveIntegerField(default=0)),
                ('kept', models.PositiveIntegerField(default=0)),
                ('after_case', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('worked_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('undo_began_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='BulkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('refused', 'Left as it is'), ('undone', 'Undone'), ('kept', 'Not undone')], default='waiting', max_length=8)),
                ('reason', models.CharField(blank=True, default='', max_length=300)),
                ('version', models.PositiveIntegerField(null=True)),
                ('at', models.DateTimeField(null=True)),
                ('undo', models.JSONField(default=dict)),
                ('act', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='inbox.bulkact')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inbox.case')),
                ('former_assignee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='bulkact',
            index=models.Index(condition=models.Q(('state__in', ['running', 'undoing'])), fields=['id'], name='bulk_due'),
        ),
        migrations.AddIndex(
            model_name='bulkact',
            index=models.Index(fields=['created_at'], name='bulk_created'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.UniqueConstraint(fields=('act', 'case'), name='bulk_item_once'),
        ),
        migrations.RunSQL(FORGET_ERASED, FORGET_ERASED_BACK),
    ]
