"""Changing users and departments. Callers check the authority; the invariants are kept here."""

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

from accounts.models import BrandAccount, BrandAccountGrant, Department, Membership, Role, User
from accounts.working_time import presence

logger = logging.getLogger(__name__)

_EDITABLE_FIELDS = ("first_name", "last_name", "username", "email", "initials", "role")

#: Called when somebody leaves, or was changed and may see less, in the same transaction: with the user, the person who
#: does it, and the time. Returns a sentence about what became of the user's work, "" for nothing.
#: Other rooms add their hooks when they are ready (`AppConfig.ready`); accounts knows none of them.
ReleaseHook = Callable[[User, User, dt.datetime], str]
user_left_hooks: list[ReleaseHook] = []
user_changed_hooks: list[ReleaseHook] = []
#: Return in words the work that somebody would lose with another access (None: when they leave); "" for none.
work_at_stake_hooks: list[Callable[[User, CaseAccess | None], str]] = []
#: Called before a department is closed. Returns a sentence about why it cannot be, "" to agree.
department_closing_objections: list[Callable[[Department], str]] = []


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """The part of a user that decides which cases they may work on."""

    role: str
    department_ids: frozenset[int]
    brand_account_ids: frozenset[int]


class PeopleChangeRefused(Exception):
    """The change would break something. Nothing was changed; the message tells a person what."""


@transaction.atomic
def save_user(
    user: User, departments: Iterable[Department], grants: Mapping[BrandAccount, bool | None]
) -> User:
    """Store a user with departments and grants.

    A grant is True (may publish), False (may only work on it) or None (neither). A changed role ends the user's
    sessions. Raises `PeopleChangeRefused` when no active administrator would be left.
    """
    before = User.objects.select_for_update().filter(pk=user.pk).first() if user.pk else None
    if before is None:
        user.set_unusable_password()
        user.save()
    else:
        # Only the fields of the form: a password that the user sets at this moment must not be undone.
        user.save(update_fields=_EDITABLE_FIELDS)
        if before.role == Role.ADMINISTRATOR != user.role:
            _require_administrator()
    mark_email_verified(user)
    department_ids = {department.pk for department in departments}
    Membership.objects.filter(user=user).exclude(department__in=department_ids).delete()
    Membership.objects.bulk_create(
        [Membership(user=user, department_id=pk) for pk in sorted(department_ids)], ignore_conflicts=True
    )
    _save_grants(user, grants)
    logger.info("user saved", extra={"user": user.pk, "role": user.role})
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
    """Store a user, and let other rooms release work out of reach.

    Stores what `save_user` stores and raises what it raises; then the `user_changed_hooks` take back what the user
    may not work on any more. Returns in words what became of it.
    """
    save_user(user, departments, grants)
    return _release_work(user_changed_hooks, User.objects.get(pk=user.pk), by, now)


def mark_email_verified(user: User) -> None:
    """Mark a user's e-mail address as verified for sign-in.

    An administrator vouches for it. Otherwise django-allauth takes the address for unproved: it would wipe the
    password when the company's own sign-in names the address.
    """
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)


@transaction.atomic
def deactivate_user(user: User, *, by: User, now: dt.datetime) -> str:
    """End a user's sessions and keep them out.

    Messages they wrote stay in their name; other rooms release their work. Returns in words what became of it. Raises
    `PeopleChangeRefused` for oneself and for the last active administrator.
    """
    if user == by:
        raise PeopleChangeRefused("You cannot deactivate yourself. Ask another administrator.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    _require_administrator()
    end_sessions(user)
    logger.info("user deactivated", extra={"user": user.pk, "by": by.pk})
    return _release_work(user_left_hooks, user, by, now)


def describe_work_at_stake(user: User, reach: CaseAccess | None) -> str:
    """Describe the open work that a user would lose with another `reach`.

    `reach` None is for a user who leaves. "" when they would lose none.
    """
    return " ".join(words for ask in work_at_stake_hooks if (words := ask(user, reach)))


def _release_work(hooks: Iterable[ReleaseHook], user: User, by: User, now: dt.datetime) -> str:
    return " ".join(words for release in hooks if (words := release(user, by, now)))


def reactivate_user(user: User) -> None:
    """Let a user sign in again, with the password they had."""
    user.is_active = True
    user.save(update_fields=["is_active"])


def end_sessions(user: User) -> None:
    """Sign a user out everywhere."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    presence.mark_signed_out(user.pk, timezone.now())


def password_path(user: User) -> str:
    """Return the path at which a user sets a new password.

    It works once, for `PASSWORD_RESET_TIMEOUT` seconds (three days).
    """
    token = default_token_generator.make_token(user)
    return reverse(
        "account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token}
    )


@transaction.atomic
def close_department(department: Department) -> None:
    """Stop new cases from reaching a department.

    Raises `PeopleChangeRefused` when something still leads to it.
    """
    for objection in department_closing_objections:
        if reason := objection(department):
            raise PeopleChangeRefused(reason)
    if not Department.objects.filter(is_open=True).exclude(pk=department.pk).exists():
        raise PeopleChangeRefused("This is the last open department: somebody has to get the cases.")
    department.is_open = False
    department.save(update_fields=["is_open"])


def reopen_department(department: Department) -> None:
    """Let a department get cases again."""
    department.is_open = True
    department.save(update_fields=["is_open"])


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
