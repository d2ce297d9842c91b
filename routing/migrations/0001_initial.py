import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='RoutingDefault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.department')),
            ],
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(editable=False, unique=True)),
                ('position', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=120)),
                ('enabled', models.BooleanField(default=True)),
                ('condition', models.JSONField()),
                ('priority', models.SmallIntegerField(choices=[(-1, 'Low'), (0, 'Normal'), (1, 'High'), (2, 'Urgent')], default=0)),
                ('tags', models.JSONField(blank=True, default=list)),
                ('needs_answer', models.BooleanField(blank=True, default=None, null=True)),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='accounts.department')),
                ('dismiss', models.BooleanField(default=False)),
                ('person', models.CharField(blank=True, max_length=150)),
                ('playbook_branch', models.CharField(blank=True, max_length=60)),
                ('skill', models.CharField(blank=True, max_length=60)),
            ],
            options={
                'ordering': ('position', 'id'),
            },
        ),
        migrations.CreateModel(
            name='RuleSetVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('snapshot', models.JSONField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='Calendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
            ],
            options={
                'ordering': ('name', 'id'),
            },
        ),
        migrations.CreateModel(
            name='SLAPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(editable=False, unique=True)),
                ('position', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=80)),
                ('enabled', models.BooleanField(default=True)),
                ('priority', models.SmallIntegerField(blank=True, choices=[(-1, 'Low'), (0, 'Normal'), (1, 'High'), (2, 'Urgent')], null=True)),
                ('network', models.CharField(blank=True, max_length=20)),
                ('first_response_minutes', models.PositiveIntegerField(blank=True, null=True)),
                ('next_response_minutes', models.PositiveIntegerField(blank=True, null=True)),
                ('resolution_minutes', models.PositiveIntegerField(blank=True, null=True)),
                ('warning_percent', models.PositiveSmallIntegerField(default=25)),
                ('warning_minutes', models.PositiveIntegerField(blank=True, null=True)),
                ('steps', models.JSONField(blank=True, default=list)),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policies', to='routing.calendar')),
                ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sla_policies', to='accounts.department')),
            ],
            options={
                'verbose_name': 'SLA policy',
                'verbose_name_plural': 'SLA policies',
                'ordering': ('position', 'id'),
            },
        ),
        migrations.CreateModel(
            name='CalendarVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('in_force_from', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('calendar', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='routing.calendar')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['calendar', 'number'],
                'constraints': [models.UniqueConstraint(fields=('calendar', 'number'), name='calendar_version_unique')],
            },
        ),
        migrations.CreateModel(
            name='SLAVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('snapshot', models.JSONField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('to_recompute', models.PositiveIntegerField(blank=True, null=True)),
                ('recomputed', models.PositiveIntegerField(default=0)),
                ('after_case', models.BigIntegerField(default=0)),
                ('recomputed_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
                'indexes': [models.Index(condition=models.Q(('recomputed_at__isnull', True)), fields=['number'], name='sla_unfinished')],
            },
        ),
        migrations.CreateModel(
            name='LearningSetting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('automatic', 'A new version takes over when it is better'), ('pinned', 'The active version stays until somebody changes it'), ('off', 'Only the rules decide')], default='automatic', max_length=10)),
                ('thresholds', models.JSONField(blank=True, default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='RouterVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('state', models.CharField(choices=[('active', 'Active'), ('retired', 'Retired'), ('refused', 'Not better')], max_length=8)),
                ('metrics', models.JSONField(default=dict)),
                ('arrays', models.BinaryField()),
                ('rules_version', models.PositiveIntegerField()),
                ('examples', models.PositiveIntegerField()),
                ('verdict', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('state',), name='router_one_active')],
            },
        ),
        migrations.CreateModel(
            name='RouterTraining',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('wanted', 'Waiting for a worker'), ('running', 'Training'), ('done', 'Done'), ('failed', 'Failed')], default='wanted', max_length=8)),
                ('progress', models.CharField(blank=True, max_length=300)),
                ('asked_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='routing.routerversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('state__in', ['wanted', 'running'])), name='training_one_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='RoutingExample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('department', models.SlugField()),
                ('source', models.CharField(choices=[('handed_over', 'Handed over as wrong department'), ('accepted', 'Suggestion accepted'), ('declined', 'Suggestion declined'), ('retagged', 'Tagged with another department'), ('imported', 'Imported')], max_length=12)),
                ('facts', models.JSONField(blank=True, default=dict)),
                ('message_id', models.BigIntegerField(blank=True, null=True)),
                ('case_id', models.BigIntegerField(blank=True, null=True)),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(models.OrderBy(models.F('at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='example_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('case_id__isnull', False)), fields=('case_id',), name='example_of_case'), models.UniqueConstraint(condition=models.Q(('source', 'imported')), fields=('digest',), name='example_imported')],
            },
        ),
        migrations.CreateModel(
            name='DismissedRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(max_length=200)),
                ('department', models.SlugField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('words', 'department'), name='dismissed_rule_once')],
            },
        ),
        migrations.CreateModel(
            name='RuleDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField()),
                ('based_on', models.PositiveIntegerField()),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('by', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='rule_draft', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-updated_at',),
            },
        ),
        migrations.CreateModel(
            name='Playbook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('snapshot', models.JSONField()),
                ('revision', models.PositiveIntegerField(default=1)),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PlaybookVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('snapshot', models.JSONField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
    ]
