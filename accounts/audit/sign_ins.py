"""Entries about signing in, from the signals of Django and django-allauth."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from django.contrib.auth import signals as auth_signals
from django.db.models import Q

from accounts.audit.recording import record_change
from accounts.models import AuditVerb, User

#: What people type may be a password in the wrong field, so an unknown user name is not stored.
UNKNOWN_NAME = "an unknown user name"


def connect_signals() -> None:
    """Record from now on what the signals tell."""
    auth_signals.user_logged_in.connect(_record_sign_in)
    auth_signals.user_logged_out.connect(_record_sign_out)
    auth_signals.user_login_failed.connect(_record_failure)
    for signal in (
        account_signals.password_set,
        account_signals.password_changed,
        account_signals.password_reset,
    ):
        signal.connect(_record_password)
    factor_signals.authenticator_added.connect(_record_factor_added)
    factor_signals.authenticator_removed.connect(_record_factor_removed)
    factor_signals.authenticator_reset.connect(_record_factor_renewed)
    factor_signals.authentication_failed.connect(_record_wrong_code)


def _record_sign_in(user: User, **_: Any) -> None:
    record_change(AuditVerb.SIGNED_IN, by=user, person=user)


def _record_sign_out(user: User | None, **_: Any) -> None:
    if isinstance(user, User):
        record_change(AuditVerb.SIGNED_OUT, by=user, person=user)


def _record_failure(credentials: dict[str, Any], **_: Any) -> None:
    name = str(credentials.get("username") or credentials.get("email") or "").strip()
    same_name = Q(username__iexact=name) | Q(email__iexact=name)
    user = User.objects.filter(same_name).order_by("pk").first() if "\0" not in name else None
    record_change(AuditVerb.SIGN_IN_FAILED, user or UNKNOWN_NAME, person=user)


def _record_password(user: User, **_: Any) -> None:
    record_change(AuditVerb.PASSWORD_SET, by=user, person=user)


def _record_factor_added(user: User, authenticator: Any, **_: Any) -> None:
    record_change(AuditVerb.SECOND_FACTOR_ADDED, _factor_name(authenticator), by=user, person=user)


def _record_factor_removed(user: User, authenticator: Any, **_: Any) -> None:
    record_change(AuditVerb.SECOND_FACTOR_REMOVED, _factor_name(authenticator), by=user, person=user)


def _record_factor_renewed(user: User, authenticator: Any, **_: Any) -> None:
    record_change(AuditVerb.SECOND_FACTOR_RENEWED, _factor_name(authenticator), by=user, person=user)


def _record_wrong_code(user: User, **_: Any) -> None:
    record_change(AuditVerb.SECOND_FACTOR_FAILED, user, person=user)


def _factor_name(authenticator: Any) -> str:
    return str(authenticator.get_type_display()).lower()
