"""Files that take long, in parts."""


import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0012_kinds_of_the_horseshoe'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ExportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200)),
                ('file_name', models.CharField(max_length=200)),
                ('query', models.TextField()),
                ('digest', models.CharField(help_text='SHA-256 of the query string.', max_length=64)),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('writing', 'Being written'), ('ready', 'Ready'), ('cancelled', 'Cancelled'), ('failed', 'Failed'), ('deleted', 'Deleted')], default='waiting', max_length=10)),
                ('total', models.PositiveIntegerField()),
                ('rows', models.PositiveIntegerField(default=0)),
                ('size', models.BigIntegerField(default=0)),
                ('reach', models.CharField(blank=True, max_length=64)),
                ('erasures', models.PositiveIntegerField(default=0)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=200)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ExportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
                ('export_file', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='reports.exportfile')),
            ],
        ),
        migrations.AddIndex(
            model_name='exportfile',
            index=models.Index(condition=models.Q(('state__in', ('waiting', 'writing'))), fields=['id'], name='export_file_unfinished'),
        ),
        migrations.AddIndex(
            model_name='exportfile',
            index=models.Index(condition=models.Q(('state', 'ready')), fields=['expires_at'], name='export_file_ready'),
        ),
        migrations.AddIndex(
            model_name='exportfile',
            index=models.Index(fields=['asked_at'], name='export_file_asked'),
        ),
        migrations.AddConstraint(
            model_name='exportfile',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('waiting', 'writing'))), fields=('owner', 'digest'), name='export_file_once'),
        ),
        migrations.AddConstraint(
            model_name='exportpart',
            constraint=models.UniqueConstraint(fields=('export_file', 'number'), name='export_part_unique'),
        ),
    ]
