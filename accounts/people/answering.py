"""People who may answer in the name of a brand account: read them, change it, and name whom to ask.

The right to answer includes working on the account's cases. Taking it away leaves that work (docs/permissions.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import BooleanField, Case, Exists, OuterRef, Value, When

from accounts.access import ROLES
from accounts.models import BrandAccount, BrandAccountGrant, Membership, Role, User
from accounts.people import verbs

#: Most people who are named in a sentence, of each kind.
_MOST_NAMED = 3
#: Most colleagues who are read for it.
_MOST_READ = 60


@dataclass(frozen=True, slots=True)
class Answerer:
    """A person who can be allowed to answer; `may_answer` whether they are.

    `needs_initials`: they cannot be allowed before they have initials to sign with. `is_of_owner`: they belong to the
    department that owns the account.
    """

    user: User
    may_answer: bool
    needs_initials: bool
    is_of_owner: bool


def list_possible_answerers(brand_account: BrandAccount) -> list[Answerer]:
    """Return the active people whose role answers customers.

    Those of the owner department come first. One statement.
    """
    of_owner = Membership.objects.filter(user=OuterRef("pk"), department=brand_account.owner_department_id)
    people = (
        User.objects.filter(is_active=True, role__in=ROLES["publish"])
        .annotate(may_answer=_may_answer(brand_account), is_of_owner=Exists(of_owner))
        .order_by("-is_of_owner", "first_name", "last_name", "pk")
    )
    return [
        Answerer(user, user.may_answer, not user.initials and not user.may_answer, user.is_of_owner)
        for user in people
    ]


def _may_answer(brand_account: BrandAccount) -> Case:
    grants = BrandAccountGrant.objects.filter(
        user=OuterRef("pk"), brand_account=brand_account, can_publish=True
    )
    return Case(
        When(Exists(grants), role__in=ROLES["publish"], then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


@transaction.atomic
def save_answerers(
    brand_account: BrandAccount, chosen: Collection[int], *, by: User, now: dt.datetime
) -> list[User]:
    """Let exactly the people `chosen` answer in an account's name.

    `chosen` are ids. Ids of people who cannot be allowed to are ignored. Those who lose the right may still work on the account's cases.
    Returns the people who may answer afterwards.
    """
    answerers = list_possible_answerers(brand_account)
    for answerer in answerers:
        is_chosen = answerer.user.pk in chosen and not answerer.needs_initials
        if is_chosen != answerer.may_answer:
            verbs.save_user_and_release_work(
                User.objects.get(pk=answerer.user.pk),
                list(answerer.user.departments.all()),
                {brand_account: is_chosen},
                by=by,
                now=now,
            )
    return [answerer.user for answerer in list_possible_answerers(brand_account) if answerer.may_answer]


def describe_whom_to_ask(brand_account: BrandAccount) -> str:
    """Say who can allow somebody to answer, and who may answer now.

    Two sentences, which name people. One statement.
    """
    answers = _may_answer(brand_account)
    colleagues = User.objects.filter(is_active=True).annotate(may_answer=answers)
    relevant = colleagues.filter(may_answer=True) | colleagues.filter(role=Role.ADMINISTRATOR)
    people = list(relevant.order_by("first_name", "last_name", "pk")[:_MOST_READ])
    administrators = [person for person in people if person.role == Role.ADMINISTRATOR]
    answerers = [person for person in people if person.may_answer]
    allow = f"Ask {_join_names(administrators)} to allow it." if administrators else "Ask an administrator."
    if not answerers:
        return f"{allow} So far nobody can answer as {brand_account.display_name}."
    return f"{allow} Until then {_join_names(answerers)} can answer."


def _join_names(people: Iterable[User]) -> str:
    names = [str(person) for person in people]
    shown, more = names[:_MOST_NAMED], len(names) - _MOST_NAMED
    if more > 0:
        return f"{', '.join(shown)} or {more} more"
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
