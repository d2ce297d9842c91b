"""Changing users and departments. Callers check permissions; this module keeps the invariants."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.audit.recording import record_change
from accounts.models import (
    AuditVerb,
    BrandAccount,
    BrandAccountGrant,
    Department,
    Membership,
    Role,
    User,
)
from accounts.people.entries import NOBODY, read_person_values, record_about_person, record_saved_person
from accounts.sign_in.sessions import tell_sessions_ended
from accounts.working_time import presence
from postgres.locks import AdvisoryLock, take_lock

logger = logging.getLogger(__name__)

_EDITABLE_FIELDS = ("first_name", "last_name", "username", "email", "initials", "role", "time_zone")

#: Called in the same transaction when a user leaves, or is changed and may see less. Arguments: the user, the
#: person who makes the change, and the time. Returns a sentence about what happened to the user's work, "" if nothing.
#: Other apps add their hooks in `AppConfig.ready`; accounts knows none of them.
ReleaseHook = Callable[[User, User, dt.datetime], str]
user_left_hooks: list[ReleaseHook] = []
user_changed_hooks: list[ReleaseHook] = []
#: Each returns a sentence about the work that a user would lose with this access (None: when they leave); "" for none.
work_at_stake_hooks: list[Callable[[User, CaseAccess | None], str]] = []
#: Called before a department is closed. Each returns a sentence about why it cannot be closed, "" to agree.
department_closing_objections: list[Callable[[Department], str]] = []


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """The part of a user that decides which cases they may work on."""

    role: str
    department_ids: frozenset[int]
    brand_account_ids: frozenset[int]


#: Said where somebody would deactivate themselves.
NOT_ONESELF = "You cannot deactivate yourself. Ask another administrator."


class PeopleChangeRefused(Exception):
    """The change would violate an invariant. Nothing was changed; the message explains it to a person."""


@transaction.atomic
def save_user(
    user: User, departments: Iterable[Department], grants: Mapping[BrandAccount, bool | None]
) -> User:
    """Store a user with departments and grants.

    A grant is True (may publish), False (may only work on it) or None (no access). A changed role ends the
    user's sessions. Raises `PeopleChangeRefused` when no active administrator would be left.
    """
    before = User.objects.select_for_update().filter(pk=user.pk).first() if user.pk else None
    values_before = NOBODY if before is None else read_person_values(before)
    if before is None:
        user.set_unusable_password()
        user.save()
    else:
        # Only the fields of the form: do not overwrite a password that the user sets at the same moment.
        user.save(update_fields=_EDITABLE_FIELDS)
        if before.role == Role.ADMINISTRATOR != user.role:
            _require_administrator()
        if before.role != user.role:
            tell_sessions_ended([user.pk])
    mark_email_verified(user)
    department_ids = {department.pk for department in departments}
    Membership.objects.filter(user=user).exclude(department__in=department_ids).delete()
    Membership.objects.bulk_create(
        [Membership(user=user, department_id=pk) for pk in sorted(department_ids)], ignore_conflicts=True
    )
    _save_grants(user, grants)
    record_saved_person(user, values_before)
    logger.info("user saved", extra={"user": user.pk, "role": user.role})
    return user


@transaction.atomic
def add_first_administrator(user: User, password: str) -> User:
    """Add the first person of an installation, as its administrator.

    Raises `PeopleChangeRefused` when somebody has been added already.
    """
    take_lock(AdvisoryLock.FIRST_ADMINISTRATOR)
    if User.objects.exists():
        raise PeopleChangeRefused("There is an administrator already.")
    user.role = Role.ADMINISTRATOR
    save_user(user, [], {})
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


@transaction.atomic
def save_user_and_release_work(
    user: User,
    departments: Iterable[Department],
    grants: Mapping[BrandAccount, bool | None],
    *,
    by: User,
    now: dt.datetime,
) -> str:
    """Store a user, and release the work that they lose access to.

    Stores what `save_user` stores and raises what it raises. Then the `user_changed_hooks` take back the
    cases that the user may no longer work on. Returns sentences about what happened to this work.
    """
    save_user(user, departments, grants)
    return _release_work(user_changed_hooks, User.objects.get(pk=user.pk), by, now)


def mark_email_verified(user: User) -> None:
    """Mark a user's e-mail address as verified for sign-in.

    An administrator vouches for it. Otherwise django-allauth treats the address as unverified, and would
    remove the password when the company's single sign-on reports the address.
    """
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)


@transaction.atomic
def deactivate_user(user: User, *, by: User, now: dt.datetime) -> str:
    """End a user's sessions and prevent new ones.

    Messages that they wrote keep their name; the `user_left_hooks` release their work. Returns sentences
    about what happened to this work. Raises `PeopleChangeRefused` for oneself and for the last active
    administrator.
    """
    if user == by:
        raise PeopleChangeRefused(NOT_ONESELF)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _require_administrator()
    _end_sessions(user)
    record_about_person(AuditVerb.PERSON_DEACTIVATED, user, by=by)
    logger.info("user deactivated", extra={"user": user.pk, "by": by.pk})
    return _release_work(user_left_hooks, user, by, now)


def describe_work_at_stake(user: User, reach: CaseAccess | None) -> str:
    """Describe the open work that a user would lose with another `reach`.

    None as `reach` means that the user leaves. Returns "" when they would lose none.
    """
    return " ".join(words for ask in work_at_stake_hooks if (words := ask(user, reach)))


def _release_work(hooks: Iterable[ReleaseHook], user: User, by: User, now: dt.datetime) -> str:
    return " ".join(words for release in hooks if (words := release(user, by, now)))


@transaction.atomic
def reactivate_user(user: User) -> None:
    """Let a user sign in again, with their previous password."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record_about_person(AuditVerb.PERSON_REACTIVATED, user)


@transaction.atomic
def end_sessions(user: User) -> None:
    """Sign a user out everywhere."""
    _end_sessions(user)
    record_about_person(AuditVerb.SIGNED_OUT_EVERYWHERE, user)


def _end_sessions(user: User) -> None:
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    presence.mark_signed_out(user.pk, timezone.now())
    tell_sessions_ended([user.pk])


def make_password_path(user: User) -> str:
    """Return the URL path at which a user sets a new password.

    It works once, for `PASSWORD_RESET_TIMEOUT` seconds (three days).
    """
    record_about_person(AuditVerb.PASSWORD_LINK_MADE, user)
    token = default_token_generator.make_token(user)
    return reverse(
        "account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token}
    )


@transaction.atomic
def close_department(department: Department) -> None:
    """Stop a department from getting new cases.

    Raises `PeopleChangeRefused` when something still sends cases to it, or it is the last open department.
    """
    for objection in department_closing_objections:
        if reason := objection(department):
            raise PeopleChangeRefused(reason)
    if not Department.objects.filter(is_open=True).exclude(pk=department.pk).exists():
        raise PeopleChangeRefused("This is the last open department: somebody has to get the cases.")
    department.is_open = False
    department.save(update_fields=["is_open"])
    record_change(AuditVerb.DEPARTMENT_CLOSED, department, department_ids=[department.pk])


@transaction.atomic
def reopen_department(department: Department) -> None:
    """Let a department get cases again."""
    department.is_open = True
    department.save(update_fields=["is_open"])
    record_change(AuditVerb.DEPARTMENT_REOPENED, department, department_ids=[department.pk])


def _save_grants(user: User, grants: Mapping[BrandAccount, bool | None]) -> None:
    lost = [account for account, can_publish in grants.items() if can_publish is None]
    BrandAccountGrant.objects.filter(user=user, brand_account__in=lost).delete()
    BrandAccountGrant.objects.bulk_create(
        [
            BrandAccountGrant(user=user, brand_account=account, can_publish=can_publish)
            for account, can_publish in grants.items()
            if can_publish is not None
        ],
        update_conflicts=True,
        unique_fields=["user", "brand_account"],
        update_fields=["can_publish"],
    )


def _require_administrator() -> None:
    active = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True)
    if not list(active.values_list("pk", flat=True)):
        raise PeopleChangeRefused("This is the last administrator. Make somebody else administrator first.")
