"""A kind of notices: linked customers who report the same."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0026_unanswered'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('due_soon', 'Due soon'), ('breached', 'Target missed'), ('assigned', 'Assigned to you'), ('bounced', 'Came back'), ('ping_pong', 'Bounced between departments'), ('solved', 'Resolved'), ('dismissed', 'Dismissed'), ('moved', 'Reassigned'), ('rule', 'New rule'), ('not_sent', 'Not sent'), ('unconfirmed', 'Unconfirmed'), ('trouble', 'Account in trouble'), ('trouble_over', 'Problem solved'), ('charter', 'Charter'), ('review', 'Review due'), ('learning', 'Learning item'), ('linked', 'Linked customers')], max_length=12),
        ),
    ]
