import datetime
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=80)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Order in lists, lowest first.')),
                ('is_open', models.BooleanField(default=True, help_text='A closed department gets no new cases.')),
                ('assignment_mode', models.CharField(choices=[('manual', 'By hand: people take them'), ('round_robin', 'In turn: each gets one after the other'), ('least_loaded', 'To whoever has the fewest open cases')], default='manual', max_length=12)),
                ('max_per_person', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('prefers_last_helper', models.BooleanField(default=True)),
                ('turn', models.BigIntegerField(default=0, editable=False)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
            ],
            options={
                'ordering': ('position', 'name'),
            },
        ),
        migrations.CreateModel(
            name='DemoMarker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seeded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Skill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=60)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='skill_name_ci_unique')],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                ('role', models.CharField(choices=[('administrator', 'Administrator'), ('manager', 'Manager'), ('community', 'Community manager'), ('agent', 'Agent'), ('analyst', 'Analyst')], default='agent', max_length=16)),
                ('initials', models.CharField(blank=True, max_length=4)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('session_epoch', models.PositiveIntegerField(default=0)),
                ('away_since', models.DateTimeField(blank=True, null=True)),
                ('capacity', models.PositiveSmallIntegerField(default=20)),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), blank=True, default=list, size=None)),
                ('last_seen_at', models.DateTimeField(blank=True, null=True)),
                ('skills', models.ManyToManyField(blank=True, related_name='people', to='accounts.skill')),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_ci_unique')],
            },
        ),
        migrations.CreateModel(
            name='BrandAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.CharField(max_length=20)),
                ('remote_id', models.CharField(help_text="The network's own id of this account.", max_length=64)),
                ('handle', models.CharField(max_length=120)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('purpose', models.TextField(blank=True)),
                ('audience', models.TextField(blank=True)),
                ('objective', models.TextField(blank=True)),
                ('promised_response', models.DurationField(default=datetime.timedelta(days=1), help_text='How soon a customer is promised an answer.')),
                ('lifecycle', models.CharField(choices=[('chartered', 'Chartered'), ('active', 'Active'), ('review', 'Under review'), ('sunsetting', 'Sunsetting'), ('closed', 'Closed')], default='active', max_length=12)),
                ('health', models.CharField(choices=[('ok', 'Healthy'), ('reauthorise', 'Needs to be connected again'), ('permission', 'Missing permission'), ('limited', 'Limited by the network'), ('budget', 'Budget spent'), ('unwell', 'Network unwell')], default='ok', max_length=12)),
                ('health_detail', models.CharField(blank=True, max_length=500)),
                ('health_until', models.DateTimeField(blank=True, null=True)),
                ('health_since', models.DateTimeField(blank=True, null=True)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('connected_at', models.DateTimeField()),
                ('owner_department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='brand_accounts', to='accounts.department')),
                ('connected_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('check_due_at', models.DateTimeField(blank=True, null=True)),
                ('promised_hours', models.JSONField(blank=True, default=list)),
                ('time_zone', models.CharField(default='UTC', max_length=64)),
            ],
            options={
                'ordering': ('network', 'handle'),
                'constraints': [models.UniqueConstraint(fields=('network', 'remote_id'), name='brand_account_unique')],
            },
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('envelope', models.BinaryField()),
                ('updated_at', models.DateTimeField()),
                ('brand_account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='credential', to='accounts.brandaccount')),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.department')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'department'), name='membership_unique')],
            },
        ),
        migrations.AddField(
            model_name='user',
            name='departments',
            field=models.ManyToManyField(related_name='members', through='accounts.Membership', to='accounts.department'),
        ),
        migrations.CreateModel(
            name='Stream',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('enabled', models.BooleanField(default=True)),
                ('cursor', models.JSONField(blank=True, default=dict)),
                ('next_poll_at', models.DateTimeField(db_index=True)),
                ('interval', models.FloatField(default=60.0, help_text='Seconds between polls; adapts to what arrives.')),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('last_success_at', models.DateTimeField(blank=True, null=True)),
                ('budget', models.JSONField(blank=True, default=dict)),
                ('overflowed_at', models.DateTimeField(blank=True, null=True)),
                ('brand_account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='streams', to='accounts.brandaccount')),
                ('gap_seen_at', models.DateTimeField(blank=True, null=True)),
                ('gap_seen_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('brand_account', 'kind'),
                'constraints': [models.UniqueConstraint(fields=('brand_account', 'kind'), name='stream_unique'), models.CheckConstraint(condition=models.Q(('interval__gt', 0)), name='stream_interval_positive')],
            },
        ),
        migrations.CreateModel(
            name='BrandAccountGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('can_publish', models.BooleanField(default=False)),
                ('brand_account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='accounts.brandaccount')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'brand_account'), name='grant_unique')],
            },
        ),
        migrations.CreateModel(
            name='ConnectAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state_digest', models.CharField(max_length=64, unique=True)),
                ('network', models.CharField(max_length=20)),
                ('created_at', models.DateTimeField()),
                ('returned_at', models.DateTimeField(blank=True, null=True)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('envelope', models.BinaryField(default=b'')),
                ('brand_account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.brandaccount')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Leave',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('substitute', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leaves', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('starts_on', 'id'),
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='leave_ends_after_start'), models.CheckConstraint(condition=models.Q(('substitute__isnull', True), models.Q(('substitute', models.F('user')), _negated=True), _connector='OR'), name='leave_substitute_other')],
            },
        ),
        migrations.CreateModel(
            name='Shift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], null=True)),
                ('date', models.DateField(blank=True, null=True)),
                ('starts_at', models.TimeField()),
                ('ends_at', models.TimeField()),
                ('valid_from', models.DateField(blank=True, null=True)),
                ('valid_until', models.DateField(blank=True, null=True)),
                ('backup', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('brand_account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shifts', to='accounts.brandaccount')),
                ('primary', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('date', 'weekday', 'starts_at', 'id'),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('date__isnull', True), ('primary__isnull', False), ('weekday__isnull', False)), models.Q(('date__isnull', False), ('valid_from__isnull', True), ('valid_until__isnull', True), ('weekday__isnull', True)), _connector='OR'), name='shift_week_or_date'), models.CheckConstraint(condition=models.Q(('backup__isnull', True), models.Q(('primary__isnull', False), models.Q(('backup', models.F('primary')), _negated=True)), _connector='OR'), name='shift_backup_is_another'), models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_until__isnull', True), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='shift_valid_in_order')],
            },
        ),
    ]
