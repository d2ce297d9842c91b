"""Signing the charter of a brand account. The signature is kept as it was given."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.audit.recording import compare_values, record_change
from accounts.brand_accounts.charter import CHARTER_LASTS, TO_SIGN_AGAIN
from accounts.models import AuditVerb, BrandAccount, CharterSignature, Lifecycle, User
from wording.spans import written_span
from wording.times import exact_time

_FIELDS = (
    "owner_department", "owner", "purpose", "audience", "objective", "persona", "promised_response",
)  # fmt: skip


class SignatureRefused(Exception):
    """The charter was not signed; nothing was changed. The message is for a person."""


@transaction.atomic
def sign_charter(brand_account: BrandAccount, *, by: User | None, now: dt.datetime) -> None:
    """Store the charter as it stands in `brand_account`, with a signature.

    It holds for a year, and answers are accepted for 30 days longer. `by` is None for the demo. Raises
    `SignatureRefused` while the account is being sunset.
    """
    stored = BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account.pk)
    if stored.lifecycle == Lifecycle.SUNSETTING:
        raise SignatureRefused(
            "This account is being closed down. Stop the sunset first, then sign its charter."
        )
    before = _shown_values(stored)
    brand_account.charter_signed_at, brand_account.charter_signed_by = now, by
    brand_account.charter_until = now + CHARTER_LASTS
    brand_account.answers_until = brand_account.charter_until + TO_SIGN_AGAIN
    brand_account.save(
        update_fields=[*_FIELDS, "charter_signed_at", "charter_signed_by", "charter_until", "answers_until"]
    )
    CharterSignature.objects.create(
        brand_account=brand_account,
        at=now,
        person_id=by.pk if by else None,
        person_name=str(by or "The demo"),
        until=brand_account.charter_until,
        owner_name=str(brand_account.owner or ""),
        **{name: getattr(brand_account, name) for name in _FIELDS if not name.startswith("owner")},
    )
    record_change(
        AuditVerb.CHARTER_SIGNED,
        brand_account,
        compare_values(before, _shown_values(brand_account)),
        by=by,
        department_ids={stored.owner_department_id, brand_account.owner_department_id},
    )


def _shown_values(brand_account: BrandAccount) -> dict[str, object]:
    until = brand_account.charter_until
    return {
        "Owner department": brand_account.owner_department,
        "Owner": brand_account.owner,
        "Purpose": brand_account.purpose,
        "Audience": brand_account.audience,
        "Objective": brand_account.objective,
        "Persona": brand_account.persona,
        "Promised response": written_span(brand_account.promised_response),
        "Signed until": exact_time(until) if until else "",
    }
