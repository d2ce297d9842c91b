"""Notices of files that took long, which are no case, rules, account or learning item."""


from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0017_history_in_the_audit_log'),
        ('inbox', '0027_linked_customers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_of_something',
        ),
        migrations.AddField(
            model_name='notice',
            name='export_number',
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('due_soon', 'Due soon'), ('breached', 'Target missed'), ('assigned', 'Assigned to you'), ('bounced', 'Came back'), ('ping_pong', 'Bounced between departments'), ('solved', 'Resolved'), ('dismissed', 'Dismissed'), ('moved', 'Reassigned'), ('rule', 'New rule'), ('not_sent', 'Not sent'), ('unconfirmed', 'Unconfirmed'), ('trouble', 'Account in trouble'), ('trouble_over', 'Problem solved'), ('charter', 'Charter'), ('review', 'Review due'), ('learning', 'Learning item'), ('linked', 'Linked customers'), ('file', 'File')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('brand_account__isnull', True), ('case__isnull', False), ('export_number__isnull', True), ('learning_item__isnull', True), ('rules_version__isnull', True)), models.Q(('brand_account__isnull', True), ('case__isnull', True), ('export_number__isnull', True), ('learning_item__isnull', True), ('rules_version__isnull', False)), models.Q(('brand_account__isnull', False), ('case__isnull', True), ('export_number__isnull', True), ('learning_item__isnull', True), ('rules_version__isnull', True)), models.Q(('brand_account__isnull', True), ('case__isnull', True), ('export_number__isnull', True), ('learning_item__isnull', False), ('rules_version__isnull', True)), models.Q(('brand_account__isnull', True), ('case__isnull', True), ('export_number__isnull', False), ('learning_item__isnull', True), ('rules_version__isnull', True)), _connector='OR'), name='notice_of_something'),
        ),
    ]
