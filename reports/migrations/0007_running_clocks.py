"""Running clocks are read from open cases: facts of them cost more to keep than to count."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0006_undo'),
    ]

    operations = [
        migrations.RunSQL('DELETE FROM reports_fact WHERE kind = 6', migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='cell',
            name='kind',
            field=models.SmallIntegerField(choices=[(1, 'Exchange that needs an answer'), (2, 'Case with its first response'), (3, 'Ended clock of a service level'), (4, 'Hand-over between departments'), (5, 'Move by the learned router')]),
        ),
        migrations.AlterField(
            model_name='fact',
            name='kind',
            field=models.SmallIntegerField(choices=[(1, 'Exchange that needs an answer'), (2, 'Case with its first response'), (3, 'Ended clock of a service level'), (4, 'Hand-over between departments'), (5, 'Move by the learned router')]),
        ),
    ]
