from django.db import migrations, models


def rename_department(apps, schema_editor):
    """Rename the department of spam, where nobody has given it a name of their own."""
    Department = apps.get_model("accounts", "Department")
    if not Department.objects.filter(name="No reply needed").exists():
        Department.objects.filter(slug="spam", name="Nothing to do").update(name="No reply needed")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_opens_next_case'),
    ]

    operations = [
        migrations.RunPython(rename_department, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name='auditentry',
            name='verb',
            field=models.CharField(choices=[('people.added', 'added'), ('people.changed', 'changed the details of'), ('people.deactivated', 'deactivated'), ('people.reactivated', 'reactivated'), ('people.signed-out', 'signed out everywhere:'), ('people.password-link', 'made a password link for'), ('people.work', 'changed skills, languages or capacity of'), ('people.leave', 'planned leave for'), ('people.leave-removed', 'removed the leave of'), ('rights.changed', 'changed role or rights of'), ('departments.added', 'added the department'), ('departments.changed', 'changed the department'), ('departments.closed', 'closed the department'), ('departments.reopened', 'reopened the department'), ('departments.assignment', 'changed how cases are assigned in'), ('accounts.connected', 'connected'), ('accounts.reconnected', 'connected again, replacing the token of'), ('accounts.disconnected', 'disconnected and deleted the token of'), ('accounts.encrypted', 're-encrypted the tokens of'), ('accounts.charter', 'changed the charter of'), ('accounts.stream', 'changed what is fetched for'), ('accounts.renewed', 'renewed the token of'), ('accounts.gap', 'acknowledged a possible gap of'), ('accounts.roster', 'changed the roster of'), ('rules.published', 'published rules:'), ('levels.published', 'published service levels:'), ('playbook.published', 'published the playbook:'), ('router.mode', 'switched'), ('router.version', 'chose'), ('router.threshold', 'changed when the learned router decides in'), ('settings.retention', 'changed the retention of'), ('settings.deleted', 'deleted by retention:'), ('settings.erased', 'erased the data of'), ('sign-in.in', 'signed in'), ('sign-in.failed', 'failed to sign in as'), ('sign-in.out', 'signed out'), ('sign-in.password', 'set a new password'), ('sign-in.factor-added', 'set up a second factor:'), ('sign-in.factor-removed', 'removed a second factor:'), ('sign-in.factor-renewed', 'made new recovery codes:'), ('sign-in.factor-failed', 'gave a wrong code for')], max_length=32),
        ),
        migrations.AlterField(
            model_name='brandaccount',
            name='health',
            field=models.CharField(choices=[('ok', 'Healthy'), ('reauthorise', 'Needs to be connected again'), ('permission', 'Missing permission'), ('limited', 'Limited by the network'), ('budget', 'Allowance used up'), ('unwell', 'Network not responding')], default='ok', max_length=12),
        ),
        migrations.AlterField(
            model_name='department',
            name='assignment_mode',
            field=models.CharField(choices=[('manual', 'By hand: people take them'), ('round_robin', 'In turn: each gets one after the other'), ('least_loaded', 'To the person with the fewest open cases')], default='manual', max_length=12),
        ),
        migrations.AlterField(
            model_name='stream',
            name='last_error_kind',
            field=models.CharField(blank=True, choices=[('ok', 'Healthy'), ('reauthorise', 'Needs to be connected again'), ('permission', 'Missing permission'), ('limited', 'Limited by the network'), ('budget', 'Allowance used up'), ('unwell', 'Network not responding')], max_length=12),
        ),
    ]
