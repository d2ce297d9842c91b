from django.db import migrations

#: What the first step of a policy without numbers is known by among what has happened to cases (`routing.sla.FIRST_STEP`).
_FIRST = 2


def number_steps(apps, schema_editor):
    """Give each step the number that it has gone by so far, its place, so that what happened is not done again."""
    for policy in apps.get_model("routing", "SLAPolicy").objects.all():
        steps = [
            {**step, "number": step.get("number") or _FIRST + place}
            for place, step in enumerate(policy.steps)
        ]
        if steps != policy.steps:
            policy.steps = steps
            policy.save(update_fields=["steps"])


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0009_retagged'),
    ]

    operations = [
        migrations.RunPython(number_steps, migrations.RunPython.noop, elidable=True),
    ]
