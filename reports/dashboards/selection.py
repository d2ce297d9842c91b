"""The bar above every board: period, comparison and filters as a form that works without JavaScript."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.models import BrandAccount, User
from inbox.visibility import list_departments
from networks.registry import CONNECTORS, network_label
from postgres.prepared_querysets import prepared_query
from reports.behind.selections import Selection
from reports.dashboards.drawings import draw
from reports.dashboards.matching import DIVIDED, Matching, count_matching, matching_context
from reports.filters import PARAMETERS, Filters
from reports.periods import name_days
from reports.rollups.freshness import shown_as_of
from reports.scopes import readable_department_ids, readable_people
from routing.conditions.sentences import language_name
from routing.models import Priority
from routing.rule_editor.choices import LANGUAGES
from wording.spans import figure_span

#: Periods that move with the days, as an address names them.
ROLLING_PERIODS = (
    ("last-1-days", "Today"),
    ("last-7-days", "Last 7 days"),
    ("last-4-weeks", "Last 4 weeks"),
    ("last-8-weeks", "Last 8 weeks"),
    ("last-13-weeks", "Last 13 weeks"),
    ("last-26-weeks", "Last 26 weeks"),
    ("last-52-weeks", "Last 52 weeks"),
    ("last-1-months", "This month"),
    ("last-1-quarters", "This quarter"),
)
#: From this delay on a board says in a notice how old its numbers are. A refresh is due every few seconds.
_WORTH_A_NOTICE = dt.timedelta(minutes=5)
_COMPARISONS = (("before", "The days before"), ("last-year", "The year before"), ("none", "Nothing"))
_STEPS = (("", "as fits"), ("day", "by day"), ("week", "by week"), ("month", "by month"))


@dataclass(frozen=True, slots=True)
class Option:
    """One value that may be chosen."""

    value: str
    label: str
    is_chosen: bool
    #: The cases of the period with this value, where that is counted.
    count: str = ""


@dataclass(frozen=True, slots=True)
class FilterMenu:
    """One filter: its parameter, its options, and what is chosen in words."""

    name: str
    label: str
    options: tuple[Option, ...]

    @property
    def chosen(self) -> str:
        """The labels of what is chosen; "" for all."""
        return ", ".join(option.label for option in self.options if option.is_chosen)


def selection_context(selection: Selection) -> dict[str, Any]:
    """Build what `reports/_selection.html` shows. Three statements: brand accounts, people and numbers of cases."""
    period, compared = selection.period, selection.compared
    accounts = _select_accounts(selection.user)
    matching = count_matching(selection, {account.pk: account.network for account in accounts})
    menus = list_filters(selection, accounts, matching)
    last_day = period.day_after - dt.timedelta(days=1)
    return {
        "selection": selection,
        "span": name_days(period, selection.now),
        "compared_span": name_days(compared) if compared else "",
        "zone": str(period.zone),
        "as_of": _describe_age(selection),
        "behind": _describe_delay(selection),
        "periods": _period_options(selection),
        "first_day": f"{period.first_day}",
        "last_day": f"{last_day}",
        "is_free": period.unit == "free",
        "comparisons": [Option(v, label, v == selection.comparison) for v, label in _COMPARISONS],
        "step_sizes": [Option(v, label, v == period.as_query().get("by", "")) for v, label in _STEPS],
        "filter_menus": menus,
        "filter_sheets": draw("reports/_filter_menus.html", dict, filter_menus=menus),
        **matching_context(selection, matching, _name_chosen(menus, selection.filters)),
        "tags": ", ".join(selection.filters.tags),
        "is_filtered": bool(selection.filters),
        "unfiltered": selection.without_filters().as_query(),
    }


def _describe_age(selection: Selection) -> str:
    """Return of what time the numbers are: "as of 14:31"."""
    at, zone = shown_as_of(selection.user, selection.now), selection.period.zone
    local, today = at.astimezone(zone), selection.now.astimezone(zone).date()
    day = "" if local.date() == today else f"{local:%-d %b} "
    behind = "" if at == selection.now else "; later changes are still being counted"
    return f"as of {day}{local:%H:%M}{behind}"


def _describe_delay(selection: Selection) -> str:
    """Return how old the numbers are: "12 min"; "" while that is not worth a notice."""
    behind = selection.now - shown_as_of(selection.user, selection.now)
    return figure_span(behind) if behind >= _WORTH_A_NOTICE else ""


def describe_filters(selection: Selection) -> list[str]:
    """Return what narrows the numbers, in words: "Network: X, Facebook"."""
    if not selection.filters:
        return []
    words = [f"{menu.label}: {menu.chosen}" for menu in list_filters(selection) if menu.chosen]
    tags = selection.filters.tags
    return [*words, f"Tag: {', '.join(tags)}"] if tags else words


def describe_scope(title: str, selection: Selection) -> str:
    """Return what stands under the title of a chart's file: the board, its days, its zone and its filters."""
    days = name_days(selection.period, selection.now)
    parts = [title, days, str(selection.period.zone), "by time of arrival", *describe_filters(selection)]
    return " · ".join(parts)


def _name_chosen(menus: Iterable[FilterMenu], filters: Filters) -> dict[str, str]:
    """Return each filter with what is chosen, in words: "Department “Press”"."""
    names = {menu.name: f"{menu.label} “{menu.chosen}”" for menu in menus}
    return names | {"tag": f"Tag “{', '.join(filters.tags)}”"}


def list_filters(
    selection: Selection, accounts: Iterable[BrandAccount] | None = None, matching: Matching | None = None
) -> list[FilterMenu]:
    """Return the filters that offer their values; what the reader may not see is not offered."""
    user, filters = selection.user, selection.filters
    readable = readable_department_ids(user)
    if accounts is None:
        accounts = _select_accounts(user)
    menus = (
        ("network", "Network", [(name, network_label(name)) for name in CONNECTORS], filters.networks),
        (
            "account",
            "Account",
            [(account.pk, str(account)) for account in accounts],
            filters.brand_account_ids,
        ),
        (
            "department",
            "Department",
            [(each.pk, each.name) for each in list_departments(user) if each.pk in readable],
            filters.department_ids,
        ),
        ("person", "Person", [(each.pk, str(each)) for each in _select_people(user)], filters.person_ids),
        ("language", "Language", _language_values(filters), filters.languages),
        ("priority", "Priority", [(p.value, str(p.label)) for p in Priority], filters.priorities),
    )
    return [_build_menu(name, label, values, chosen, matching) for name, label, values, chosen in menus]


@prepared_query
def _select_accounts(user: User) -> QuerySet[BrandAccount]:
    return BrandAccount.objects.visible_to(user).order_by("network", "handle")


@prepared_query
def _select_people(user: User) -> QuerySet[User]:
    return readable_people(user).only("username", "first_name", "last_name")


def _build_menu(
    name: str,
    label: str,
    values: Iterable[tuple[object, str]],
    chosen: Iterable[object],
    matching: Matching | None,
) -> FilterMenu:
    chosen, field = set(chosen), PARAMETERS[name]
    is_counted = matching is not None and field in DIVIDED
    return FilterMenu(
        name,
        label,
        tuple(
            Option(
                str(value),
                words,
                value in chosen,
                f"{matching.count(**{field: (value,)}):,}" if matching and is_counted else "",
            )
            for value, words in values
        ),
    )


def _language_values(filters: Filters) -> list[tuple[str, str]]:
    more = [code for code in filters.languages if code not in LANGUAGES]
    return [(code, language_name(code)) for code in (*LANGUAGES, *more)]


def _period_options(selection: Selection) -> list[Option]:
    token = selection.period.token
    options = [Option(value, label, value == token) for value, label in ROLLING_PERIODS]
    is_named = any(option.is_chosen for option in options)
    if not is_named and selection.period.unit != "free":
        options.append(Option(token, name_days(selection.period), True))
    return options
