"""The charter of a brand account: whether it is in force, in words, and whether it lets anybody answer.

Every page, the composer and the reminders call the same function.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import BrandAccount, Lifecycle, Role, User
from wording.times import company_zone, short_date_with_year, to_display_zone

#: How long a charter holds once it is signed, and how long after that there is to sign it again.
CHARTER_LASTS, TO_SIGN_AGAIN = dt.timedelta(days=365), dt.timedelta(days=30)
#: From when before its end a charter counts as ending.
_ENDS_SOON = dt.timedelta(days=30)
#: Most people who are named in a sentence.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class CharterState:
    """The state of a charter. `key` is that of the filter, `tone` that of its chip.

    `warning` says until when answers are possible, "" unless that is coming to an end or over.
    """

    key: str
    label: str
    tone: str
    may_answer: bool
    warning: str = ""


def charter_state(brand_account: BrandAccount, now: dt.datetime) -> CharterState:
    """Return the state of a brand account's charter."""
    name, answers_until = brand_account.display_name, brand_account.answers_until
    may_answer = answers_until is not None and answers_until > now
    until = brand_account.charter_until
    if until is None:
        if answers_until is None or not may_answer:
            return CharterState("missing", "missing", "late", False, f"{name} has no signed charter.")
        warning = f"{name} has no signed charter: from {_day(answers_until)} nobody can answer in its name."
        return CharterState("missing", f"missing, until {_day(answers_until)}", "risk", True, warning)
    if until <= now:
        warning = f"The charter of {name} expired on {_day(until)}"
        if answers_until is not None and may_answer:
            warning = f"{warning}: from {_day(answers_until)} nobody can answer in its name."
        return CharterState(
            "expired", f"expired {_day(until)}", "late", may_answer, f"{warning.rstrip('.')}."
        )
    if until - now <= _ENDS_SOON:
        return CharterState("ending", f"ends {_day(until)}", "risk", may_answer)
    signed_at = brand_account.charter_signed_at or now
    return CharterState("signed", f"signed {_day(signed_at)}", "", may_answer)


def why_charter_stops_answers(brand_account: BrandAccount, now: dt.datetime) -> str:
    """Return why nobody may answer in its name, and who mends it.

    A sentence or two, "" if the charter lets people answer. One statement, only when it does not.
    """
    state = charter_state(brand_account, now)
    if state.may_answer:
        return ""
    name = brand_account.display_name
    if brand_account.lifecycle == Lifecycle.SUNSETTING:
        instead = f" Its customers are sent to {brand_account.moved_to}." if brand_account.moved_to else ""
        return f"{name} is being closed down and only listens.{instead}"
    return (
        f"{state.warning} Nobody can answer in its name until it is signed. {describe_signers(brand_account)}"
    )


def describe_account(brand_account: BrandAccount, now: dt.datetime) -> str:
    """Return what to know of an account while one can answer.

    "" for nothing; where customers are sent while it is sunset, or until when answers are accepted.
    """
    if brand_account.lifecycle == Lifecycle.SUNSETTING and brand_account.moved_to:
        return f"{brand_account.display_name} is closing. Send people to {brand_account.moved_to}."
    state = charter_state(brand_account, now)
    return state.warning if state.may_answer else ""


def describe_signers(brand_account: BrandAccount) -> str:
    """Say who may sign the charter: the owner, then managers, then administrators.

    A sentence that names people. One statement.
    """
    names = [str(person) for person in list_signers(brand_account)]
    if not names:
        return "Ask an administrator."
    named = names[:_MOST_NAMED]
    joined = " or ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
    return f"Ask {joined} to sign it."


def list_signers(brand_account: BrandAccount) -> list[User]:
    """Return the people who govern a brand account, its owner first.

    One statement.
    """
    manages = Q(role=Role.MANAGER, memberships__department=brand_account.owner_department_id or 0)
    people = User.objects.filter(
        manages | Q(role=Role.ADMINISTRATOR) | Q(pk=brand_account.owner_id or 0), is_active=True
    ).distinct()
    ranks = {Role.MANAGER.value: 1, Role.ADMINISTRATOR.value: 2}
    return sorted(
        people.exclude(role=Role.ANALYST),
        key=lambda person: (
            0 if person.pk == brand_account.owner_id else ranks.get(person.role, 3), str(person), person.pk
        ),
    )  # fmt: skip


def has_owner(brand_account: BrandAccount) -> bool:
    """Return whether an active person or a department answers for an account."""
    owner = brand_account.owner
    return brand_account.owner_department_id is not None or (owner is not None and owner.is_active)


def quarter_of(day: dt.date) -> str:
    """Return the calendar quarter of a day, such as "2026-Q4"."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarter_end(day: dt.date, quarters_later: int = 0) -> dt.date:
    """Return the last day of a quarter: that of `day`, or later."""
    months = day.year * 12 + (day.month - 1) // 3 * 3 + 3 * (quarters_later + 1)
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, 1) - dt.timedelta(days=1)


def company_day(now: dt.datetime) -> dt.date:
    """Return the day it is for the company: quarters begin and end by it."""
    return now.astimezone(company_zone()).date()


def _day(at: dt.datetime) -> str:
    return short_date_with_year(to_display_zone(at).date())
