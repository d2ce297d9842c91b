"""The sentences under the board of brand accounts, from numbers that the board has measured anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.models import BrandAccount
from reports.behind.selections import Selection
from reports.dashboards.insights.sentences import Insight, Sentence, choose_sentences, differs
from reports.measures.by_account import AccountResponses
from wording.numbers import format_count, format_share

#: Of fewer exchanges no share of an account is worth a sentence; nor is one from this share answered on.
_FEWEST, _GOOD = 10, 0.8
_NONE = AccountResponses(0, 0, None, ())
_Shares = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class RatedAccounts:
    """Hold what is said about: exchanges by account, and the ripe (answered, needing) of both periods."""

    selection: Selection
    responses: Mapping[int, AccountResponses]
    ripe: _Shares
    ripe_before: _Shares

    def of(self, account: BrandAccount) -> AccountResponses:
        return self.responses.get(account.pk, _NONE)

    def of_all(self) -> AccountResponses:
        return self.responses.get(0, _NONE)

    def href(self, account: BrandAccount, **query: str) -> str:
        """Return the address of an account's exchanges."""
        narrowed = {"brand_account_ids": (account.pk,)}
        return self.selection.list_href(of="response", narrowed=narrowed, **query)


def account_sentences(accounts: Sequence[BrandAccount], figures: RatedAccounts) -> list[Sentence]:
    """Return what is worth saying about the accounts. No statement."""
    return choose_sentences(
        _unowned(accounts, figures), _worst(accounts, figures), _fallen(accounts, figures)
    )


def _unowned(accounts: Sequence[BrandAccount], figures: RatedAccounts) -> Insight | None:
    """Return the busiest account that nobody owns."""
    unowned = [
        account
        for account in accounts
        if account.owner_department_id is None
        and account.owner_id is None
        and figures.of(account).needing >= _FEWEST
    ]
    if not unowned:
        return None
    busiest = max(unowned, key=lambda account: figures.of(account).needing)
    count = figures.of(busiest).needing
    return Insight(
        count,
        Sentence(
            f"Nobody owns {busiest}.",
            f"It received {count:,} of all {format_count(figures.of_all().needing, 'exchange')}.",
            format_count(count, "exchange"),
            figures.href(busiest),
        ),
    )


def _worst(accounts: Sequence[BrandAccount], figures: RatedAccounts) -> Insight | None:
    """Return the account at which the largest share got no answer."""
    rated = [account for account in accounts if figures.of(account).needing >= _FEWEST]
    if not rated:
        return None
    worst = min(rated, key=lambda account: figures.of(account).answered / figures.of(account).needing)
    of_it = figures.of(worst)
    if of_it.answered >= _GOOD * of_it.needing:
        return None
    missing = of_it.needing - of_it.answered
    beside = f"; at all accounts {format_share(*_unanswered(figures.of_all()))}" if len(rated) > 1 else ""
    return Insight(
        missing - (1 - _GOOD) * of_it.needing,
        Sentence(
            f"At {worst} {missing:,} of {format_count(of_it.needing, 'exchange')} got no answer "
            f"({format_share(missing, of_it.needing)}{beside}).",
            "It is the largest share of all accounts." if len(rated) > 1 else "",
            f"{missing:,} unanswered",
            figures.href(worst, answered="no"),
        ),
    )


def _unanswered(responses: AccountResponses) -> tuple[int, int]:
    return responses.needing - responses.answered, responses.needing


def _fallen(accounts: Sequence[BrandAccount], figures: RatedAccounts) -> Insight | None:
    """Return the account whose share fell most.

    By more than chance, without what still counts.
    """
    fallen = []
    for account in accounts:
        now, before = figures.ripe.get(account.pk, (0, 0)), figures.ripe_before.get(account.pk, (0, 0))
        if differs(now, before) and now[0] * before[1] < before[0] * now[1]:
            fallen.append(((before[0] / before[1] - now[0] / now[1]) * now[1], account, now, before))
    if not fallen:
        return None
    weight, account, now, before = max(fallen, key=lambda each: each[0])
    points = round(100 * (before[0] / before[1] - now[0] / now[1]))
    return Insight(
        weight,
        Sentence(
            f"{account} answered {format_share(*now)} of its exchanges, {format_count(points, 'point')} fewer than before.",
            f"Before: {format_share(*before)} of {before[1]:,}. What is still counting is left out of both.",
            format_count(figures.of(account).needing, "exchange"),
            figures.href(account),
        ),
    )
