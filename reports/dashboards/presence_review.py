"""The presence review, formatted: figures, the register, one account to decide about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access import viewer
from accounts.brand_accounts.charter import company_day, quarter_end
from accounts.models import BrandAccount, Lifecycle, User
from reports.charts.stacks import StackPart, stack_parts
from reports.dashboards.account_access import describe_access
from reports.dashboards.insights.presence import presence_sentences
from reports.presence.counting import WEEKS
from reports.presence.register import (
    CHARTERS,
    ONLY,
    SORTS,
    VIEWS,
    Entry,
    RegisterChoice,
    choose_entries,
    cut_page,
)
from wording.numbers import FEWEST, NO_VALUE, format_count, format_rate, format_share
from wording.times import company_zone, relative_time, short_date, short_date_with_year, to_display_zone


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One row of the register, in words."""

    account: BrandAccount
    owner: str
    owner_department: str
    messages: str
    answered: str
    last_message: str
    access: str
    access_tone: str
    charter: str
    charter_tone: str
    roster: str
    suggested: str
    reason: str
    decided: str
    decided_by: str
    may_decide: bool


def register_context(
    entries: list[Entry], choice: RegisterChoice, user: User, now: dt.datetime
) -> dict[str, Any]:
    """Build the context of the register's page."""
    chosen = choose_entries(entries, choice)
    page, following = cut_page(chosen, choice.after)
    today = company_day(now)
    counts = {name: sum(map(test, entries)) for name, (_, test) in VIEWS.items()}
    due = counts["due"]
    return {
        "quarter": f"{_ordinal((today.month + 2) // 3)} quarter {today.year}",
        "due_by": short_date(quarter_end(today)),
        "zone": str(company_zone()),
        "total": len(entries),
        "networks_count": len({entry.account.network for entry in entries}),
        "figures": _figures(entries, now),
        "views": [
            (name, label, counts[name], _address(choice, view=name, after=0))
            for name, (label, _) in VIEWS.items()
        ],
        "finding": f"{format_count(due, 'account')} still to be decided."
        if due
        else "Every account is decided.",
        "bar": _bar(counts),
        "rows": [review_row(entry, user, now) for entry in page],
        "shown": len(chosen),
        "choice": choice,
        "selects": _selects(entries, choice),
        "is_narrowed": choice != RegisterChoice(sort=choice.sort, after=choice.after),
        "next": _address(choice, after=following) if following else "",
        "first": _address(choice, after=0) if choice.after else "",
        "csv": f"{reverse('reports:presence_csv')}?{_query(choice, after=0)}",
        "counted": _describe_counting(entries, now),
        "weeks": WEEKS,
        "sentences": presence_sentences(entries),
    }


def review_row(entry: Entry, user: User, now: dt.datetime) -> ReviewRow:
    """Put an entry into words."""
    account, seen = entry.account, entry.evidence
    access, tone = describe_access(entry.account, now)
    decided = entry.decision.label if entry.decision else ""
    if account.lifecycle == Lifecycle.SUNSETTING:
        decided = "Sunset"
    return ReviewRow(
        account=account,
        owner=str(account.owner or ""),
        owner_department=str(account.owner_department or ""),
        messages=f"{seen.messages:,}",
        answered=format_rate(seen.answered, seen.needing),
        last_message=relative_time(entry.last_message_at, now).words if entry.last_message_at else NO_VALUE,
        access=access,
        access_tone=tone,
        charter=entry.charter.label,
        charter_tone=entry.charter.tone,
        roster="" if seen.has_roster else "nobody on the roster",
        suggested=entry.suggestion.decision.label,
        reason=entry.suggestion.reason,
        decided=decided,
        decided_by=_signature(entry),
        may_decide=viewer(user).may_govern(account),
    )


def _signature(entry: Entry) -> str:
    if entry.decided_at is None:
        return ""
    return f"{entry.decided_by}, {short_date(to_display_zone(entry.decided_at).date())}"


def _figures(entries: list[Entry], now: dt.datetime) -> list[dict[str, str]]:
    total = len(entries)
    due = sum(entry.is_due for entry in entries)
    in_force = sum(entry.charter.key in ("signed", "ending") for entry in entries)
    page = reverse("reports:presence")

    def figure(label: str, count: int, basis: str, query: str) -> dict[str, str]:
        return {"label": label, "value": f"{count:,}", "basis": basis, "href": f"{page}?{query}"}

    def only(name: str, basis: str, basis_of_none: str) -> dict[str, str]:
        label, test = ONLY[name]
        count = sum(map(test, entries))
        return figure(label, count, basis if count else basis_of_none, f"only={name}")

    days_left = (quarter_end(company_day(now)) - company_day(now)).days
    unowned = [entry for entry in entries if ONLY["no-owner"][1](entry)]
    most = max((entry.evidence.messages for entry in unowned), default=0)
    return [
        figure(
            "Due this quarter",
            due,
            f"of {total:,} accounts; {format_count(days_left, 'day')} left",
            "view=due",
        ),
        figure(
            "Charter in force",
            in_force,
            f"of {total:,}: {format_share(in_force, total)}" if total >= FEWEST else f"of {total:,}",
            "charter=in-force",
        ),
        only("no-owner", f"{format_count(most, 'message')} at the busiest", "all have one"),
        only("quiet", "no message from a customer", "all hear from customers"),
        only("no-roster", "nobody has a shift", "all have shifts"),
        only("cut-off", "to be connected again", "all are connected"),
    ]


def _selects(entries: list[Entry], choice: RegisterChoice) -> list[dict[str, Any]]:
    networks = sorted({(entry.account.network, entry.account.network_label) for entry in entries})
    owners = sorted(
        {
            (str(entry.account.owner_department_id or 0), str(entry.account.owner_department or "nobody"))
            for entry in entries
        },
        key=lambda pair: pair[1].casefold(),
    )
    missing = [(name, label) for name, (label, _) in ONLY.items()]
    return [
        _select("network", "Network", [("", "all"), *networks], choice.network),
        _select("owner", "Owner department", [("", "all"), *owners], choice.owner),
        _select("charter", "Charter", [("", "any"), *CHARTERS.items()], choice.charter),
        _select("only", "Only", [("", "any"), *missing], choice.only),
        _select("sort", "Order", list(SORTS.items()), choice.sort),
    ]


def _bar(counts: dict[str, int]) -> list[tuple[str, StackPart]]:
    """Return the parts of the bar of decisions, each with its name."""
    names = ["keep", "refocus", "sunset", "due"]
    values = [counts[name] for name in names]
    titles = [f"{VIEWS[name][0]}: {counts[name]:,}" for name in names]
    return [
        (names[part.series], part) for part in stack_parts(values, sum(values), titles, [""] * len(names))
    ]


def _select(name: str, label: str, options: list[tuple[str, str]], value: str) -> dict[str, Any]:
    return {"name": name, "label": label, "options": options, "value": value}


def _describe_counting(entries: list[Entry], now: dt.datetime) -> str:
    times = [entry.counted_at for entry in entries if entry.counted_at is not None]
    if not times:
        return "The figures are being counted; they appear within a minute."
    return f"Counted {relative_time(min(times), now).words}."


def _query(choice: RegisterChoice, **changes: object) -> str:
    values = {name: getattr(choice, name) for name in RegisterChoice.__dataclass_fields__} | changes
    usual = RegisterChoice()
    return urlencode({name: value for name, value in values.items() if value != getattr(usual, name)})


def _address(choice: RegisterChoice, **changes: object) -> str:
    return f"{reverse('reports:presence')}?{_query(choice, **changes)}"


def _ordinal(number: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def decision_figures(row: ReviewRow) -> dict[str, str]:
    """Return the figures that are kept with a decision."""
    return {
        "Messages": row.messages,
        "Answered": row.answered,
        "Last message": row.last_message,
        "Access": row.access,
        "Charter": row.charter,
        "Suggested": f"{row.suggested}: {row.reason}",
    }


def next_due(now: dt.datetime) -> str:
    """Return the day by which the next review is due."""
    return short_date_with_year(quarter_end(company_day(now), 1))


def initial_decision(entry: Entry) -> str:
    """Return the decision that the form begins with."""
    return str((entry.decision or entry.suggestion.decision).value)
