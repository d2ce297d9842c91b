from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the index again that Django dropped in 0003 together with the foreign key's own, which is on the same column."""

    dependencies = [
        ('inbox', '0025_edited_messages'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX custody_one_holder ON inbox_custody (case_id) WHERE left_at IS NULL",
                    "DROP INDEX custody_one_holder",
                ),
            ],
        ),
    ]
