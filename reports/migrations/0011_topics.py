"""Topics of cases, links between customers who talk in public, and alerts."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0010_outcomes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseToRead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='RisingTopic',
            fields=[
                ('pk', models.CompositePrimaryKey('week', 'department_id', 'public_only', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('week', models.DateField()),
                ('department_id', models.BigIntegerField()),
                ('public_only', models.BooleanField()),
                ('key', models.TextField()),
                ('label', models.TextField()),
                ('score', models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name='TopicWeek',
            fields=[
                ('week', models.DateField(primary_key=True, serialize=False)),
                ('counted_at', models.DateTimeField(null=True)),
                ('is_stale', models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name='CaseTopics',
            fields=[
                ('case_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('department_id', models.BigIntegerField()),
                ('brand_account_id', models.BigIntegerField()),
                ('visibility', models.CharField(choices=[('public', 'Public'), ('direct', 'Direct')], max_length=8)),
                ('customer_id', models.BigIntegerField()),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['keys'], name='casetopics_keys'), models.Index(fields=['at'], include=('department_id', 'brand_account_id', 'visibility'), name='casetopics_at')],
            },
        ),
        migrations.CreateModel(
            name='CustomerLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.BigIntegerField()),
                ('case_id', models.BigIntegerField()),
                ('from_identity_id', models.BigIntegerField()),
                ('to_identity_id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('replied', 'replied'), ('mentioned', 'mentioned')], max_length=9)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['case_id'], name='customerlink_case'), models.Index(fields=['at'], name='customerlink_at')],
                'constraints': [models.UniqueConstraint(fields=('message_id', 'to_identity_id'), name='customerlink_once')],
            },
        ),
        migrations.CreateModel(
            name='TopicAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField()),
                ('label', models.TextField()),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('found_at', models.DateTimeField()),
                ('case_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('dismissed_because', models.CharField(blank=True, max_length=200)),
                ('dismissed_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['last_at'], name='topicalert_newest')],
            },
        ),
        # All cases there are: their topics are read in the background.
        migrations.RunSQL("INSERT INTO reports_casetoread (case_id) SELECT id FROM inbox_case ORDER BY id", migrations.RunSQL.noop),
    ]
