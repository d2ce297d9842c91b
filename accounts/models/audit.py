"""The audit log: who changed what, from what to what, when and from where."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F


class AuditKind(models.TextChoices):
    """The subject of an entry: the first part of its verb."""

    PEOPLE = "people", "People"
    RIGHTS = "rights", "Roles and rights"
    DEPARTMENTS = "departments", "Departments"
    ACCOUNTS = "accounts", "Brand accounts"
    RULES = "rules", "Rules"
    LEVELS = "levels", "Service levels"
    PLAYBOOK = "playbook", "Playbook"
    ROUTER = "router", "Learned router"
    SETTINGS = "settings", "Settings"
    REPORTS = "reports", "Reports"
    SIGN_IN = "sign-in", "Signing in"


class AuditVerb(models.TextChoices):
    """An act of a person; the label goes on with what it was done to."""

    PERSON_ADDED = "people.added", "added"
    PERSON_CHANGED = "people.changed", "changed the details of"
    PERSON_DEACTIVATED = "people.deactivated", "deactivated"
    PERSON_REACTIVATED = "people.reactivated", "reactivated"
    SIGNED_OUT_EVERYWHERE = "people.signed-out", "signed out everywhere:"
    PASSWORD_LINK_MADE = "people.password-link", "made a password link for"
    WORK_CHANGED = "people.work", "changed skills, languages or capacity of"
    LEAVE_PLANNED = "people.leave", "planned leave for"
    FIGURES_READ = "people.figures", "looked at the figures of"
    LEAVE_REMOVED = "people.leave-removed", "removed the leave of"
    RIGHTS_CHANGED = "rights.changed", "changed role or rights of"
    DEPARTMENT_ADDED = "departments.added", "added the department"
    DEPARTMENT_CHANGED = "departments.changed", "changed the department"
    DEPARTMENT_CLOSED = "departments.closed", "closed the department"
    DEPARTMENT_REOPENED = "departments.reopened", "reopened the department"
    ASSIGNMENT_CHANGED = "departments.assignment", "changed how cases are assigned in"
    ACCOUNT_CONNECTED = "accounts.connected", "connected"
    ACCOUNT_RECONNECTED = "accounts.reconnected", "connected again, replacing the token of"
    ACCOUNT_DISCONNECTED = "accounts.disconnected", "disconnected and deleted the token of"
    CREDENTIALS_ENCRYPTED_ANEW = "accounts.encrypted", "re-encrypted the tokens of"
    CHARTER_CHANGED = "accounts.charter", "changed the charter of"
    CHARTER_SIGNED = "accounts.charter-signed", "signed the charter of"
    ACCOUNT_REVIEWED = "accounts.reviewed", "reviewed"
    ENTRY_CHECK_PASSED_OVER = "accounts.entry-check", "connected in spite of the entry check:"
    SUNSET_BEGUN = "accounts.sunset-begun", "began the sunset of"
    SUNSET_STEP_DONE = "accounts.sunset-step", "completed a step of the sunset of"
    SUNSET_STEP_UNDONE = "accounts.sunset-undone", "took back a step of the sunset of"
    SUNSET_STOPPED = "accounts.sunset-stopped", "stopped the sunset of"
    STREAM_SWITCHED = "accounts.stream", "changed what is fetched for"
    TOKEN_RENEWED = "accounts.renewed", "renewed the token of"
    GAP_SETTLED = "accounts.gap", "acknowledged a possible gap of"
    ROSTER_CHANGED = "accounts.roster", "changed the roster of"
    RULES_PUBLISHED = "rules.published", "published rules:"
    LEVELS_PUBLISHED = "levels.published", "published service levels:"
    PLAYBOOK_PUBLISHED = "playbook.published", "published the playbook:"
    ROUTER_MODE_SET = "router.mode", "switched"
    ROUTER_VERSION_CHOSEN = "router.version", "chose"
    ROUTER_THRESHOLD_SET = "router.threshold", "changed when the learned router decides in"
    RETENTION_SET = "settings.retention", "changed the retention of"
    HISTORY_DELETED = "settings.deleted", "deleted by retention:"
    CUSTOMER_ERASED = "settings.erased", "erased the data of"
    CANNED_ANSWER_ADDED = "settings.canned-added", "added the canned answer"
    CANNED_ANSWER_CHANGED = "settings.canned-changed", "changed the canned answer"
    CANNED_ANSWER_ARCHIVED = "settings.canned-archived", "archived the canned answer"
    CANNED_ANSWER_RESTORED = "settings.canned-restored", "restored the canned answer"
    MACRO_ADDED = "settings.macro-added", "added the macro"
    MACRO_CHANGED = "settings.macro-changed", "changed the macro"
    MACRO_ARCHIVED = "settings.macro-archived", "archived the macro"
    MACRO_RESTORED = "settings.macro-restored", "restored the macro"
    APPROVAL_RULE_ADDED = "settings.approval-added", "added the approval rule"
    APPROVAL_RULE_CHANGED = "settings.approval-changed", "changed the approval rule"
    APPROVAL_RULE_DELETED = "settings.approval-deleted", "deleted the approval rule"
    RAMP_CHANGED = "rights.ramp", "changed how many answers need approval of"
    APPROVER_CHANGED = "rights.approver", "changed who may approve answers:"
    CASES_EXPORTED = "reports.exported", "exported the cases behind"
    HISTORY_IMPORTED = "reports.history-imported", "imported the past conversations of"
    HISTORY_UNDONE = "reports.history-undone", "undid the import of"
    REPORT_SHARED = "reports.shared", "made a link to"
    REPORT_LINK_REVOKED = "reports.revoked", "revoked a link to"
    REPORT_SCHEDULED = "reports.scheduled", "changed who is sent"
    SIGNED_IN = "sign-in.in", "signed in"
    SIGN_IN_FAILED = "sign-in.failed", "failed to sign in as"
    SIGNED_OUT = "sign-in.out", "signed out"
    PASSWORD_SET = "sign-in.password", "set a new password"
    SECOND_FACTOR_ADDED = "sign-in.factor-added", "set up a second factor:"
    SECOND_FACTOR_REMOVED = "sign-in.factor-removed", "removed a second factor:"
    SECOND_FACTOR_RENEWED = "sign-in.factor-renewed", "made new recovery codes:"
    SECOND_FACTOR_FAILED = "sign-in.factor-failed", "gave a wrong code for"

    @property
    def kind(self) -> AuditKind:
        return AuditKind(self.value.partition(".")[0])


class AuditEntry(models.Model):
    """One line of the audit log. The database keeps it as it was written.

    Names are those of then. `actor_id` and `person_id` are ids of people without a foreign key, so that an entry
    outlives whom it names.
    """

    at = models.DateTimeField()
    #: Who did it; null for the server itself, and for somebody who was not signed in.
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=AuditKind.choices)
    verb = models.CharField(max_length=32, choices=AuditVerb.choices)
    about = models.CharField(max_length=300, blank=True)
    #: Whom it concerns, where it concerns a person.
    person_id = models.BigIntegerField(null=True, blank=True)
    #: [{"name": "Role", "from": "Agent", "to": "Manager"}, …]
    changes: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list, blank=True
    )
    #: The address from which it was asked; "" for the server itself.
    address = models.CharField(max_length=45, blank=True)
    #: Ids of the departments that it concerns: their managers read it, too.
    department_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(F("at").desc(), F("id").desc(), name="audit_newest"),
            models.Index("kind", F("at").desc(), F("id").desc(), name="audit_kind"),
            models.Index("actor_id", F("at").desc(), name="audit_actor"),
            models.Index("person_id", F("at").desc(), name="audit_person"),
            GinIndex(fields=["department_ids"], name="audit_departments"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.get_verb_display()} {self.about}"
