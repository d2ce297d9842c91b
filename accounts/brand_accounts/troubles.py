"""Open troubles of brand accounts, as their readers see them: whom they concern, and the banner of the inbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.access import viewer
from accounts.models import BrandAccount, Role, Trouble, TroubleKind, User
from wording.times import clock_time

#: Troubles that keep people from their work on a brand account; the others concern only those who may act.
_HINDERING = (TroubleKind.REAUTHORISE, TroubleKind.PERMISSION, TroubleKind.NOT_FETCHED)
#: Sentences by kind: what is wrong, and what it means.
_SENTENCES: dict[str, tuple[str, str]] = {
    TroubleKind.REAUTHORISE: (
        "{account} has been cut off since {since}.",
        "{network} no longer accepts our credential: nothing new comes in, and answers wait.",
    ),
    TroubleKind.PERMISSION: (
        "{account} has not been read completely since {since}.",
        "{network} refuses what our credential was not given permission for.",
    ),
    TroubleKind.NOT_FETCHED: (
        "{account} has not been fetched completely since {since}.",
        "Messages wait at {network}; we keep trying.",
    ),
    TroubleKind.CANNOT_READ: (
        "Not everything written to {account} can be read since {since}.",
        "{network} lists it but does not return it.",
    ),
    TroubleKind.GAP: (
        "Messages to {account} may be missing.",
        "At {since} more had been written than {network} returns at once.",
    ),
    TroubleKind.UNREADABLE: (
        "New messages to {account} could not be read: {items}.",
        "They are in quarantine, in nobody’s queue.",
    ),
}


@dataclass(frozen=True, slots=True)
class TroubleBanner:
    """A trouble for a page: a sentence, what it means, and the address of what to do (both "" for none)."""

    sentence: str
    meaning: str
    tone: str
    action: str = ""
    address: str = ""


def troubles_of_concern(user: User) -> QuerySet[Trouble]:
    """Return the open troubles that concern a user.

    Those of every account for administrators; for others of the accounts that they are granted, and for managers
    of those that their departments own. Who cannot act on them only has those that hinder the work.
    """
    troubles = Trouble.objects.filter(ended_at__isnull=True)
    who = viewer(user)
    if not who.may("gaps"):
        troubles = troubles.filter(kind__in=_HINDERING)
    if user.role == Role.ADMINISTRATOR:
        return troubles
    own = Q(brand_account__in=who.brand_account_ids)
    if user.role == Role.MANAGER:
        own |= Q(brand_account__owner_department__in=who.department_ids)
    return troubles.filter(own)


def trouble_banners(user: User, now: dt.datetime) -> list[TroubleBanner]:
    """Return the troubles that concern a user, the worst first.

    One statement.
    """
    rows = troubles_of_concern(user).select_related("brand_account").order_by("since", "pk")
    return [_banner(trouble, user, now) for trouble in sort_troubles(rows)]


def sort_troubles(troubles: Iterable[Trouble]) -> list[Trouble]:
    """Return troubles with the worst kind first."""
    kinds = TroubleKind.values
    return sorted(troubles, key=lambda trouble: kinds.index(trouble.kind))


def _banner(trouble: Trouble, user: User, now: dt.datetime) -> TroubleBanner:
    account = trouble.brand_account
    values = {
        "account": str(account),
        "network": account.network_label,
        "since": clock_time(trouble.since, now),
        "items": f"{trouble.items:,}",
    }
    sentence, meaning = (text.format(**values) for text in _SENTENCES[trouble.kind])
    hinders = trouble.kind in _HINDERING
    may_connect = viewer(user).may("connect")
    if hinders and not may_connect:
        meaning += " The administrators were told."
    action, address = _action(trouble, account, may_connect) if viewer(user).may("gaps") else ("", "")
    return TroubleBanner(sentence, meaning, "late" if hinders else "risk", action, address)


def _action(trouble: Trouble, account: BrandAccount, may_connect: bool) -> tuple[str, str]:
    """Return what to do next, and its address."""
    if trouble.kind == TroubleKind.UNREADABLE:
        return "Open quarantine", reverse("inbox:quarantine")
    if may_connect and trouble.kind in (TroubleKind.REAUTHORISE, TroubleKind.PERMISSION):
        address = reverse("accounts:connect_start", args=[account.network])
        return "Connect again", f"{address}?again={account.pk}"
    return "Show the account", f"{reverse('accounts:brand_accounts')}#account-{account.pk}"
