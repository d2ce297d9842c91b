"""The history of a case: one line for each thing that happened to it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from inbox.models.case import Case


class Verb(models.TextChoices):
    """The kinds of events of a case."""

    OPENED = "opened", "opened"
    ROUTED = "routed", "routed"
    REOPENED = "reopened", "reopened"
    UNDONE = "undone", "undid what they had just done"
    ASSIGNED = "assigned", "assigned"
    CUSTOMER_TAGGED = "customer_tagged", "customer tagged"
    CASE_TAGGED = "case_tagged", "case tagged"
    HANDED_OVER = "handed_over", "handed over"
    TAKEN_BACK = "taken_back", "took a hand-over back"
    ACCEPTED = "accepted", "accepted"
    NOTED = "noted", "noted"
    ANSWERED = "answered", "answered"
    ANSWERED_NATIVELY = "answered_natively", "answered in the network's own app"
    REPLY_QUEUED = "reply_queued", "answer queued"
    REPLY_PLANNED = "reply_planned", "planned an answer"
    APPROVAL_ASKED = "approval_asked", "asked for approval"
    APPROVED = "approved", "approved an answer"
    CHANGES_ASKED = "changes_asked", "asked for changes to an answer"
    APPROVAL_DECLINED = "approval_declined", "declined an answer"
    APPROVAL_WITHDRAWN = "approval_withdrawn", "withdrew an answer"
    APPROVAL_UNDONE = "approval_undone", "took an approval back"
    APPROVAL_OVERTAKEN = "approval_overtaken", "answer went back to its author"
    REPLY_CANCELLED = "reply_cancelled", "answer taken back"
    REPLY_FAILED = "reply_failed", "answer failed"
    REPLY_UNCONFIRMED = "reply_unconfirmed", "answer unconfirmed"
    REPLY_SETTLED = "reply_settled", "unconfirmed answer settled"
    RESOLVED = "resolved", "resolved"
    DISMISSED = "dismissed", "dismissed"
    SNOOZED = "snoozed", "snoozed"
    WOKEN = "woken", "back from snooze"
    PRIORITISED = "prioritised", "changed the priority"
    PLAYBOOK_ANSWERED = "playbook_answered", "answered the playbook"
    PLAYBOOK_TAKEN_BACK = "playbook_taken_back", "took an answer to the playbook back"
    SLA_MISSED = "sla_missed", "target missed"
    ESCALATED = "escalated", "escalated"
    SUGGESTION_DECLINED = "suggestion_declined", "declined a suggestion"
    MESSAGE_EDITED = "message_edited", "customer edited a message"
    MESSAGE_DELETED = "message_deleted", "message deleted on the network"
    MESSAGE_CORRECTED = "message_corrected", "reading corrected"
    RELATED = "related", "related case"
    SPLIT = "split", "split"
    MERGED = "merged", "merged"
    LEARNING_LINKED = "learning_linked", "linked to a learning item"
    MACRO_RUN = "macro_run", "ran a macro"
    LEARNING_UNLINKED = "learning_unlinked", "unlinked from a learning item"


class CaseEvent(models.Model):
    """One line of a case's history, read by the timeline and the reports. The database keeps it as it was written."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events", db_index=False)
    at = models.DateTimeField()
    verb = models.CharField(max_length=24, choices=Verb.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    #: Old and new values, and other parts of the sentence: {"from": …, "to": …, "reason": …, "text": …}.
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["case", "at", "id"], name="event_case")]

    def __str__(self) -> str:
        return f"{self.verb} {self.case_id}"
