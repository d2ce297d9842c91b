"""The register of brand accounts: one row each, with what is missing, what is suggested and what was decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.access import viewer
from accounts.brand_accounts.charter import (
    CharterState,
    charter_state,
    company_day,
    has_owner,
    quarter_end,
    quarter_of,
)
from accounts.models import (
    AccountReview,
    BrandAccount,
    Health,
    Lifecycle,
    ReviewDecision,
    Role,
    Shift,
    User,
)
from reports.models import AccountFigures
from reports.presence.suggestions import Evidence, Suggestion, suggest_decision

#: Without a message for so long an account is quiet.
QUIET_AFTER = dt.timedelta(days=90)
#: Rows on a page.
PAGE_LENGTH = 50
_CUT_OFF = (Health.REAUTHORISE, Health.PERMISSION)
#: Roles that read the whole register; others read the accounts that they govern or work on.
_READ_ALL = (Role.ADMINISTRATOR, Role.ANALYST)


@dataclass(frozen=True, slots=True)
class Entry:
    """One brand account of the register, as it stands now."""

    account: BrandAccount
    charter: CharterState
    evidence: Evidence
    counted_at: dt.datetime | None
    last_message_at: dt.datetime | None
    is_due: bool
    decision: ReviewDecision | None
    decided_at: dt.datetime | None
    decided_by: str
    quiet_since: dt.datetime | None
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class RegisterChoice:
    """The part of the register that is shown, and its order."""

    view: str = "all"
    only: str = ""
    network: str = ""
    owner: str = ""
    charter: str = ""
    words: str = ""
    sort: str = "pressing"
    after: int = 0

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> RegisterChoice:
        """Read a choice from an address; what is unknown is left out."""
        after = query.get("after", "")
        return cls(
            view=query.get("view", "") if query.get("view") in VIEWS else "all",
            only=query.get("only", "") if query.get("only") in ONLY else "",
            network=query.get("network", "")[:20],
            owner=query.get("owner", "")[:20],
            charter=query.get("charter", "") if query.get("charter") in CHARTERS else "",
            words=query.get("words", "")[:100].strip(),
            sort=query.get("sort", "") if query.get("sort") in SORTS else "pressing",
            after=int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0,
        )


#: Which decision is looked for: all, what is due in this quarter, or what was decided in it.
VIEWS: dict[str, tuple[str, Callable[[Entry], bool]]] = {
    "due": ("Due", lambda entry: entry.is_due),
    "keep": ("Keep", lambda entry: entry.decision == ReviewDecision.KEEP),
    "refocus": ("Refocus", lambda entry: entry.decision == ReviewDecision.REFOCUS),
    "sunset": ("Sunset", lambda entry: entry.decision == ReviewDecision.SUNSET),
    "all": ("All", lambda entry: True),
}
#: What is missing: the lists behind the figures.
ONLY: dict[str, tuple[str, Callable[[Entry], bool]]] = {
    "quiet": ("Quiet for 90 days", lambda entry: entry.quiet_since is not None),
    "no-owner": ("Without an owner", lambda entry: not entry.evidence.has_owner),
    "no-roster": ("Nobody on the roster", lambda entry: not entry.evidence.has_roster),
    "cut-off": ("Access refused", lambda entry: entry.evidence.is_cut_off),
    "sunsetting": ("Being closed down", lambda entry: entry.account.lifecycle == Lifecycle.SUNSETTING),
}
CHARTERS = {
    "in-force": "in force",
    "signed": "signed",
    "ending": "ends in 30 days",
    "expired": "expired",
    "missing": "missing",
}
SORTS = {
    "pressing": "Most pressing first",
    "name": "Name",
    "messages": "Most messages first",
    "answered": "Least answered first",
    "quiet": "Quiet the longest first",
    "charter": "Charter ending soonest first",
}


def registered_accounts(user: User) -> QuerySet[BrandAccount]:
    """Return the connected accounts in a user's register."""
    accounts = BrandAccount.objects.visible_to(user).exclude(lifecycle=Lifecycle.CLOSED)
    if user.role in _READ_ALL:
        return accounts
    permissions = viewer(user)
    theirs = Q(owner=user.pk) | Q(pk__in=permissions.brand_account_ids)
    if user.role == Role.MANAGER:
        theirs |= Q(owner_department__in=permissions.department_ids)
    elif user.role != Role.COMMUNITY:
        theirs = Q(owner=user.pk)
    return accounts.filter(theirs)


def load_entries(user: User, now: dt.datetime) -> list[Entry]:
    """Return the rows of all accounts in a user's register.

    One statement, however many accounts.
    """
    newest = AccountReview.objects.filter(brand_account=OuterRef("pk")).order_by("-at", "-pk")
    accounts = (
        registered_accounts(user)
        .select_related("owner_department", "owner", "figures", "credential")
        .defer("credential__envelope")
        .annotate(
            is_on_roster=Exists(
                Shift.objects.filter(brand_account=OuterRef("pk"), primary__is_active=True)
                .exclude(valid_until__lt=company_day(now))
                .exclude(date__lt=company_day(now))
            ),
            reviewed_in=Subquery(newest.values("quarter")[:1]),
            reviewed_as=Subquery(newest.values("decision")[:1]),
            reviewed_at=Subquery(newest.values("at")[:1]),
            reviewed_by=Subquery(newest.values("person_name")[:1]),
        )
    )
    return [_build_entry(account, now) for account in accounts.order_by("network", "handle", "pk")]


def _build_entry(account: Any, now: dt.datetime) -> Entry:
    today = company_day(now)
    figures: AccountFigures | None = getattr(account, "figures", None)
    is_decided = account.reviewed_in == quarter_of(today)
    last = figures.last_message_at if figures else None
    silent_since = max(account.connected_at, last or account.connected_at)
    charter = charter_state(account, now)
    quiet_for = now - silent_since if now - silent_since >= QUIET_AFTER else None
    numbers = (figures.messages, figures.needing, figures.answered) if figures else (0, 0, 0)
    evidence = Evidence(
        *numbers,
        quiet_for=quiet_for,
        has_owner=has_owner(account),
        has_roster=account.is_on_roster,
        charter=charter.key,
        may_answer=charter.may_answer,
        is_cut_off=account.health in _CUT_OFF,
    )
    return Entry(
        account=account,
        charter=charter,
        evidence=evidence,
        counted_at=figures.counted_at if figures else None,
        last_message_at=last,
        is_due=account.review_due_on is None or account.review_due_on <= quarter_end(today),
        decision=ReviewDecision(account.reviewed_as) if is_decided else None,
        decided_at=account.reviewed_at if is_decided else None,
        decided_by=account.reviewed_by if is_decided else "",
        quiet_since=silent_since if quiet_for is not None else None,
        suggestion=suggest_decision(evidence),
    )


def choose_entries(entries: list[Entry], choice: RegisterChoice) -> list[Entry]:
    """Return the rows that a choice leaves, in its order."""
    words = choice.words.casefold().split()
    chosen = [entry for entry in entries if _fits(entry, choice) and _has_words(entry, words)]
    return sorted(chosen, key=lambda entry: (_sort_key(entry, choice.sort), entry.account.pk))


def _fits(entry: Entry, choice: RegisterChoice) -> bool:
    account, charter = entry.account, choice.charter
    if not VIEWS[choice.view][1](entry) or (choice.only and not ONLY[choice.only][1](entry)):
        return False
    if choice.network and account.network != choice.network:
        return False
    if choice.owner and choice.owner != str(account.owner_department_id or 0):
        return False
    in_force = entry.charter.key in ("signed", "ending")
    return not charter or charter == entry.charter.key or (charter == "in-force" and in_force)


def _has_words(entry: Entry, words: list[str]) -> bool:
    account = entry.account
    text = " ".join(
        [account.display_name, account.name, account.network_label, str(account.owner or ""),
         str(account.owner_department or ""), account.purpose]
    ).casefold()  # fmt: skip
    return all(word in text for word in words)


def _sort_key(entry: Entry, sort: str) -> tuple[Any, ...]:
    name = (entry.account.display_name.casefold().removeprefix("@"), entry.account.network)
    rate = entry.evidence.answered / entry.evidence.needing if entry.evidence.needing else 2.0
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    keys: dict[str, tuple[Any, ...]] = {
        "name": name,
        "messages": (-entry.evidence.messages, *name),
        "answered": (rate, *name),
        "quiet": (entry.quiet_since or far, *name),
        "charter": (entry.account.answers_until or dt.datetime.min.replace(tzinfo=dt.UTC), *name),
        "pressing": (not entry.is_due, -entry.suggestion.weight, *name),
    }
    return keys[sort]


def cut_page(entries: list[Entry], after: int) -> tuple[list[Entry], int]:
    """Return a page, and the account after which the next begins.

    It begins after the row of an account. The first page when that row is not there (any more); 0 on the last.
    """
    start = next((n + 1 for n, entry in enumerate(entries) if entry.account.pk == after), 0)
    page = entries[start : start + PAGE_LENGTH]
    has_more = start + PAGE_LENGTH < len(entries)
    return page, page[-1].account.pk if has_more else 0
