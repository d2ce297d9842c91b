"""The review of a quarter: keep, refocus or sunset, signed with a reason. Due by calendar quarter of the company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.audit.recording import compare_values, record_change
from accounts.brand_accounts.charter import company_day, quarter_end, quarter_of
from accounts.models import AccountReview, AuditVerb, BrandAccount, Lifecycle, ReviewDecision, User
from wording.times import short_date_with_year


@transaction.atomic
def decide_review(
    brand_account: BrandAccount,
    decision: ReviewDecision,
    reason: str,
    *,
    figures: Mapping[str, str],
    by: User,
    now: dt.datetime,
) -> AccountReview:
    """Store a signed decision; the next review is due at the end of the next quarter.

    `figures` are those that the person saw. A later decision of the same quarter is one more row: the newest counts.
    """
    account = BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account.pk)
    today = company_day(now)
    last = account.reviews.order_by("-at", "-pk").first()
    due_before, due_on = account.review_due_on, quarter_end(today, 1)
    BrandAccount.objects.filter(pk=account.pk).update(review_due_on=due_on)
    review = AccountReview.objects.create(
        brand_account=account,
        at=now,
        person_id=by.pk,
        person_name=str(by),
        quarter=quarter_of(today),
        decision=decision,
        reason=reason,
        figures=dict(figures),
    )
    changes = compare_values(
        {
            "Decision": last.get_decision_display() if last else "",
            "Next review": short_date_with_year(due_before) if due_before else "",
        },
        {"Decision": decision.label, "Reason": reason, "Next review": short_date_with_year(due_on)},
    )
    record_change(
        AuditVerb.ACCOUNT_REVIEWED, account, changes, by=by, department_ids=[account.owner_department_id]
    )
    return review


def due_accounts(now: dt.datetime) -> QuerySet[BrandAccount]:
    """Return the connected accounts to review in this quarter."""
    due = Q(review_due_on__isnull=True) | Q(review_due_on__lte=quarter_end(company_day(now)))
    return BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED).filter(due)
