"""Notices to a person about a case, the rules, a brand account, a learning item or a file.

A case's history is for everybody who sees the case; a notice is for one person. How a person wants to be told of them, and
their mails, are here, too.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import BrandAccount, Department
from inbox.models.case import Case
from inbox.models.learning_item import LearningItem


class NoticeKind(models.TextChoices):
    DUE_SOON = "due_soon", "Due soon"
    BREACHED = "breached", "Target missed"
    ASSIGNED = "assigned", "Assigned to you"
    BOUNCED = "bounced", "Came back"
    PING_PONG = "ping_pong", "Bounced between departments"
    SOLVED = "solved", "Resolved"
    DISMISSED = "dismissed", "Dismissed"
    MOVED = "moved", "Reassigned"
    RULE = "rule", "New rule"
    NOT_SENT = "not_sent", "Not sent"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"
    TROUBLE = "trouble", "Account in trouble"
    TROUBLE_OVER = "trouble_over", "Problem solved"
    CHARTER = "charter", "Charter"
    REVIEW = "review", "Review due"
    LEARNING = "learning", "Learning item"
    LINKED = "linked", "Linked customers"
    FILE = "file", "File"
    WOKE = "woke", "Back from snooze"
    REMINDER = "reminder", "Reminder"
    TAKEN_BACK = "taken_back", "Planned answer"
    TO_APPROVE = "to_approve", "To approve"
    DECIDED = "decided", "Approval"


#: Texts of notices that stand for several cases of a department.
_GROUPED_TEXTS = {
    NoticeKind.DUE_SOON: "{count:,} cases of {department} are due soon.",
    NoticeKind.BREACHED: "{count:,} cases of {department} are overdue.",
    NoticeKind.MOVED: "{count:,} overdue cases were moved to {department}.",
    NoticeKind.NOT_SENT: "{count:,} cases of {department} have an answer that was not sent.",
    NoticeKind.UNCONFIRMED: "{count:,} cases of {department} have an answer that may not have been sent.",
    NoticeKind.TO_APPROVE: "{count:,} cases of {department} have an answer that waits for approval.",
}


def _only(subject: str) -> Q:
    """Return a condition: the notice has this subject and no other."""
    others = {"case", "rules_version", "brand_account", "learning_item", "export_number"} - {subject}
    return Q(**{f"{subject}__isnull": False}, **{f"{other}__isnull": True for other in sorted(others)})


class Notice(models.Model):
    """One line for one person. `key` makes notifying idempotent: the same event is notified once.

    Until it is read, a notice with a `department` stands for all the cases of `NoticedCase`; `cases` is their number,
    and `case` and `text` belong to the latest one. A notice about rules has their `rules_version`, one
    about a brand account its `brand_account`, one about a learning item its `learning_item`, one about a file that took long its
    `export_number`, and none of them has a case.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    text = models.CharField(max_length=300)
    key = models.CharField(max_length=120)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    cases = models.PositiveIntegerField(default=1)
    rules_version = models.PositiveIntegerField(null=True, blank=True)
    brand_account = models.ForeignKey(
        BrandAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    learning_item = models.ForeignKey(
        LearningItem, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    #: The number of an `ExportFile` of the reports, which are above this room.
    export_number = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=_only("case")
                | _only("rules_version")
                | _only("brand_account")
                | _only("learning_item")
                | _only("export_number"),
                name="notice_of_something",
            ),
            models.UniqueConstraint(fields=["user", "key"], name="notice_once"),
            models.UniqueConstraint(
                fields=["user", "kind", "department"],
                condition=Q(read_at__isnull=True, department__isnull=False),
                name="notice_one_unread_group",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("user"), F("at").desc(), F("id").desc(), name="notice_newest"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=["case"],
                name="notice_due_soon",
                condition=Q(kind=NoticeKind.DUE_SOON, read_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"

    @property
    def is_grouped(self) -> bool:
        """True when it stands for more than one case."""
        return self.department_id is not None and self.cases > 1

    @property
    def current_text(self) -> str:
        """The text, with the present number of cases if it is grouped."""
        if self.department is None or not self.is_grouped:
            return self.text
        return _GROUPED_TEXTS[NoticeKind(self.kind)].format(count=self.cases, department=self.department.name)


class NoticedCase(models.Model):
    """A case that a grouped notice stands for. It counts once, however many events it has."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="noticed", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["notice", "case"], name="noticed_case_once")]

    def __str__(self) -> str:
        return f"case {self.case_id} in notice {self.notice_id}"


class NoticeWay(models.TextChoices):
    BELL = "bell", "Bell"
    MAIL = "mail", "E-mail at once"
    DIGEST = "digest", "Digest"


class DigestRhythm(models.TextChoices):
    HOURLY = "hourly", "Every hour"
    DAILY = "daily", "Once a day"


class NoticeChoice(models.Model):
    """A person's own choice for one kind and way. Without a row the default of their role counts."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    way = models.CharField(max_length=8, choices=NoticeWay.choices)
    on = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind", "way"], name="notice_choice_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.way}: {self.on}"


class NoticeSettings(models.Model):
    """A person's quiet hours and digest. Times are those of their own clock; both ends empty: no quiet hours."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_settings"
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    digest = models.CharField(max_length=8, choices=DigestRhythm.choices, default=DigestRhythm.DAILY)
    digest_at = models.TimeField(default=dt.time(8))
    #: Mails quote what the notices say, and with it what customers wrote.
    with_text = models.BooleanField(default=False)
    #: Up to which of its times the digest has been sent.
    digest_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_both_ends",
            )
        ]

    def __str__(self) -> str:
        return f"notices of {self.user_id}"


class NoticeMail(models.Model):
    """The mail of one notice. Who inserts the row, or takes it up when it is due again, sends the mail."""

    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, related_name="mail")
    attempts = models.PositiveSmallIntegerField(default=1)
    #: When it may be taken up again, unless it was sent; null when it was sent or given up.
    next_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    #: The kind of failure of the last attempt; no words of anybody.
    error = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_at"], name="notice_mail_due", condition=Q(next_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"mail of notice {self.notice_id}"
