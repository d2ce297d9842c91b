"""Brand accounts, their credentials and the streams that are polled."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q, Value

from accounts.models.people import Department, User
from networks.registry import network_label


class Health(models.TextChoices):
    """The state of a brand account's connection to its network. Always shown with a word, never by colour
    alone.
    """

    OK = "ok", "Healthy"
    REAUTHORISE = "reauthorise", "Needs to be connected again"
    PERMISSION = "permission", "Missing permission"
    LIMITED = "limited", "Limited by the network"
    BUDGET = "budget", "Allowance used up"
    UNWELL = "unwell", "Network not responding"


class Lifecycle(models.TextChoices):
    CHARTERED = "chartered", "Chartered"
    ACTIVE = "active", "Active"
    REVIEW = "review", "Under review"
    SUNSETTING = "sunsetting", "Sunsetting"
    CLOSED = "closed", "Closed"


class BrandAccountQuerySet(models.QuerySet["BrandAccount"]):
    def visible_to(self, user: User) -> BrandAccountQuerySet:
        """Narrow to the brand accounts that a user may see.

        An active user may see all of them: administrators see every account, other users those granted to
        them or whose cases reach their departments, which can be any account. Secrets are never shown.
        """
        return self if user.is_active else self.none()

    def publishable_by(self, user: User) -> BrandAccountQuerySet:
        """Narrow to brand accounts in whose name a user may answer."""
        return self.filter(grants__user=user, grants__can_publish=True)


class BrandAccount(models.Model):
    """An account of the company on a network, such as @yourbrand on X."""

    network = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=64, help_text="The network's own id of this account.")
    handle = models.CharField(max_length=120)
    name = models.CharField(max_length=200, blank=True)
    owner_department = models.ForeignKey(
        Department, on_delete=models.PROTECT, null=True, blank=True, related_name="brand_accounts"
    )
    #: The person who answers for it: is reminded of its charter and its reviews.
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_accounts"
    )
    purpose = models.TextField(blank=True)
    audience = models.TextField(blank=True)
    objective = models.TextField(blank=True)
    persona = models.TextField(blank=True, help_text="How it speaks.")
    promised_response = models.DurationField(
        default=dt.timedelta(hours=24), help_text="How soon a customer is promised an answer."
    )
    #: The charter in force: when it was last signed, by whom, and until when it holds; null for never signed.
    charter_signed_at = models.DateTimeField(null=True, blank=True)
    charter_signed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    charter_until = models.DateTimeField(null=True, blank=True)
    #: Until when new answers are accepted in its name; null for not before a charter is signed.
    answers_until = models.DateTimeField(null=True, blank=True)
    #: Last day of the quarter in which it is to be reviewed next.
    review_due_on = models.DateField(null=True, blank=True)
    #: Where its customers are sent while it is sunset, such as "@kettle_help on X".
    moved_to = models.CharField(max_length=200, blank=True)
    #: Time zone of its customers: the roster's times are in this zone.
    time_zone = models.CharField(max_length=64, default="UTC")
    #: Hours in which somebody is promised to be on point, as [[weekday, from, until], …] in minutes; empty: every hour.
    promised_hours = models.JSONField(default=list, blank=True)
    lifecycle = models.CharField(max_length=12, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    health = models.CharField(max_length=12, choices=Health.choices, default=Health.OK)
    health_detail = models.CharField(max_length=500, blank=True)
    health_until = models.DateTimeField(null=True, blank=True)
    health_since = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    #: When the credential is next checked with the network: daily, or at once when a person requests it.
    check_due_at = models.DateTimeField(null=True, blank=True)
    #: When a person last asked for everything to be fetched now; pages say what came of it.
    check_asked_at = models.DateTimeField(null=True, blank=True)
    #: The permissions that the network granted; null when it did not say.
    granted_scopes = models.JSONField(null=True, blank=True)
    #: Answers in a row that the network let time out, and how long no answer is sent because of it.
    sending_timeouts = models.PositiveSmallIntegerField(default=0)
    sending_paused_until = models.DateTimeField(null=True, blank=True)
    #: When we next look whether the messages that wait for us still stand on the network; null for at once.
    next_look_at = models.DateTimeField(null=True, blank=True)
    #: Messages older than this are history: stored, but not counted in rates and without clocks.
    connected_at = models.DateTimeField()
    #: The user who connected it last; null when it was done by a command.
    connected_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = BrandAccountQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "remote_id"], name="brand_account_unique")
        ]
        ordering = ("network", "handle")

    def __str__(self) -> str:
        return f"{self.display_name} on {self.network_label}"

    @property
    def network_label(self) -> str:
        """Display name of the network, such as "Facebook"."""
        return network_label(self.network)

    @property
    def display_name(self) -> str:
        """Name on pages: "@handle" where the network has handles, otherwise the name. Handles are stored
        without "@".
        """
        if not self.handle or self.handle == self.name or " " in self.handle:
            return self.handle or self.name
        return f"@{self.handle}"


class BrandAccountGrant(models.Model):
    """A user's right to work on a brand account: to see its cases (community managers) and, if `can_publish`,
    to answer in its name.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    brand_account = models.ForeignKey(BrandAccount, on_delete=models.CASCADE, related_name="grants")
    can_publish = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "brand_account"], name="grant_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.brand_account}"


class Credential(models.Model):
    """A brand account's secrets, encrypted with keys that are not in the database. See `accounts.credentials.store`."""

    brand_account = models.OneToOneField(BrandAccount, on_delete=models.CASCADE, related_name="credential")
    envelope = models.BinaryField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Credential of {self.brand_account_id}"


class SendingTurn(models.Model):
    """The turn of the worker that sends the answers of one brand account; the others send for other accounts."""

    brand_account = models.OneToOneField(BrandAccount, on_delete=models.CASCADE, primary_key=True)
    lease_token = models.UUIDField()
    lease_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"Turn of {self.brand_account_id}"


class ConnectAttempt(models.Model):
    """One visit to a network's consent page and back. Valid once, for ten minutes, in the session that
    started it.

    Only a digest of the OAuth state is stored. The accounts that the network granted are kept in `envelope`,
    encrypted, until the administrator confirms which one to connect, and are deleted then.
    """

    state_digest = models.CharField(max_length=64, unique=True)
    network = models.CharField(max_length=20)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    #: Set when an account is connected again: the network must grant access to the same account.
    brand_account = models.ForeignKey(
        BrandAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    envelope = models.BinaryField(default=b"")
    #: What the account that was chosen would bring: see `accounts.presence_review.entry_check`.
    forecast = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Connecting {self.network}"


class Stream(models.Model):
    """One kind of message polled for one brand account, with its cursor and schedule."""

    brand_account = models.ForeignKey(BrandAccount, on_delete=models.CASCADE, related_name="streams")
    kind = models.CharField(max_length=20)
    enabled = models.BooleanField(default=True)
    #: Opaque, as the connector returned it. Also contains the window while pages remain.
    cursor = models.JSONField(default=dict, blank=True)
    next_poll_at = models.DateTimeField(db_index=True)
    interval = models.FloatField(default=60.0, help_text="Seconds between polls; adapts to what arrives.")
    lease_until = models.DateTimeField(null=True, blank=True)
    #: Identifies the poll that holds the lease; a poll whose lease was taken over stores nothing.
    lease_token = models.UUIDField(null=True, blank=True)
    #: Since when a worker polls it; still set after the lease, if the worker died.
    polling_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    #: What the error of the last poll means; "" when the last poll succeeded.
    last_error_kind = models.CharField(max_length=12, choices=Health.choices, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    budget = models.JSONField(default=dict, blank=True)
    #: When a poll found that more had happened than the network's window holds: a gap is possible.
    overflowed_at = models.DateTimeField(null=True, blank=True)
    #: What the last complete round could not read, as documents: "key", "what", "why", "is_trouble", "since" (ISO).
    #: The fields of `networks.presence.UnreadPart`.
    unread = models.JSONField(default=list, blank=True, db_default=Value([], models.JSONField()))
    #: When the gap was acknowledged, and by whom; a later gap must be acknowledged again.
    gap_seen_at = models.DateTimeField(null=True, blank=True)
    gap_seen_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["brand_account", "kind"], name="stream_unique"),
            models.CheckConstraint(condition=Q(interval__gt=0), name="stream_interval_positive"),
        ]
        ordering = ("brand_account", "kind")

    def __str__(self) -> str:
        return f"{self.kind} of {self.brand_account_id}"

    @property
    def has_open_gap(self) -> bool:
        """True when a gap is possible that nobody has acknowledged yet."""
        gap, seen = self.overflowed_at, self.gap_seen_at
        return gap is not None and (seen is None or seen < gap)
