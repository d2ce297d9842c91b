"""Thin tasks of accounts, some periodic. Each may run twice or never: Postgres stores what is due."""

from __future__ import annotations

from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.brand_accounts import attempts, checks
from accounts.sign_in import limits


@shared_task
def wake_due_credential_checks() -> None:
    """Claim the due credential checks and start a task for each."""
    for brand_account_id in checks.claim_due_checks(timezone.now()):
        check_brand_account.delay(brand_account_id)


@shared_task
def check_brand_account(brand_account_id: int) -> None:
    """Ask the network which account a brand account's credential belongs to."""
    checks.check_credential(brand_account_id, timezone.now())


@shared_task
def delete_old_sign_in_counters() -> None:
    """Delete the counters of failed sign-ins that no longer count."""
    limits.delete_old_counters(timezone.now())


@shared_task
def delete_expired_attempts() -> None:
    """Delete attempts to connect an account that nobody finished."""
    attempts.delete_expired_attempts(timezone.now())


@shared_task
def delete_expired_sessions() -> None:
    """Delete expired sessions: Django keeps their rows."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
