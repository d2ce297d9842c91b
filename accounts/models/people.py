"""Users, departments, and memberships."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from accounts.models.working import Skill


class Role(models.TextChoices):
    """The role of a user; each user has one. The table in docs/permissions.md lists what each role may do."""

    ADMINISTRATOR = "administrator", "Administrator"
    MANAGER = "manager", "Manager"
    COMMUNITY = "community", "Community manager"
    AGENT = "agent", "Agent"
    ANALYST = "analyst", "Analyst"


class AssignmentMode(models.TextChoices):
    """The way in which a department's cases are assigned to people."""

    MANUAL = "manual", "By hand: people take them"
    ROUND_ROBIN = "round_robin", "In turn: each gets one after the other"
    LEAST_LOADED = "least_loaded", "To the person with the fewest open cases"


class Department(models.Model):
    """A part of the company that can own a case."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in lists, lowest first.")
    is_open = models.BooleanField(default=True, help_text="A closed department gets no new cases.")
    assignment_mode = models.CharField(
        max_length=12, choices=AssignmentMode.choices, default=AssignmentMode.MANUAL
    )
    #: Maximum open cases of this department assigned to one person; null: only the person's own capacity limits them.
    max_per_person = models.PositiveSmallIntegerField(null=True, blank=True)
    prefers_last_helper = models.BooleanField(default=True)
    #: Tags that mark a case as belonging here, besides the name and the key (`accounts.people.department_tags`).
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    #: Id of the user whose turn was last, 0 before the first turn.
    turn = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class UserManager(DjangoUserManager["User"]):
    """The manager of users. `manage.py createsuperuser` creates an installation's first administrator."""

    use_in_migrations = False

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra: Any
    ) -> User:
        extra.setdefault("role", Role.ADMINISTRATOR)
        return super().create_superuser(username, email, password, **extra)


class User(AbstractUser):
    """A person who signs in. `initials` are the signature under their answers."""

    email = models.EmailField("e-mail address", unique=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.AGENT)
    initials = models.CharField(max_length=4, blank=True)
    #: The zone in which they read times, as Europe/Berlin; "" for the company's.
    time_zone = models.CharField(max_length=60, blank=True)
    #: Every session is checked against it: increasing it signs the user out everywhere.
    session_epoch = models.PositiveIntegerField(default=0)
    departments: models.ManyToManyField[Department, Membership] = models.ManyToManyField(
        Department, through="Membership", related_name="members"
    )
    skills: models.ManyToManyField[Skill, models.Model] = models.ManyToManyField(
        Skill, blank=True, related_name="people"
    )
    #: ISO 639 codes of the languages in which they can answer.
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    #: Number of open cases up to which more are assigned automatically; 0: none are.
    capacity = models.PositiveSmallIntegerField(default=20)
    #: Closing or passing on a case opens the next one of the list by itself.
    opens_next_case = models.BooleanField(default=True, db_default=True)
    #: Rows of lists take less room.
    has_compact_lists = models.BooleanField(default=False, db_default=False)
    #: When the user marked themselves as away; null while they are available.
    away_since = models.DateTimeField(null=True, blank=True)
    #: When the user was last seen on a page, to the minute; null before the first time. See
    #: `accounts.working_time.presence`.
    last_seen_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_ci_unique")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return the hash that a session must match to stay signed in.

        It is made from password, role and epoch, so that changing any of them ends the session.
        """
        material = f"{self.password}|{self.role}|{self.session_epoch}"
        return salted_hmac("accounts.User.session", material, secret=secret, algorithm="sha256").hexdigest()

    @property
    def signature(self) -> str:
        """Line below an answer, such as "^AB"; "" for a user without initials."""
        return f"^{self.initials}" if self.initials else ""


class Membership(models.Model):
    """A user's membership in a department."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "department"], name="membership_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.department}"


class DemoMarker(models.Model):
    """A single row that marks a database with the demo company and no real one.

    Only `manage.py seed_demo` writes it.
    """

    seeded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Demo since {self.seeded_at:%Y-%m-%d}"
