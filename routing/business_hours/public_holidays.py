"""Public holidays by country and subdivision, out of the `holidays` package: the statutory ones, with the days on
which they are observed when they fall on a weekend."""

from __future__ import annotations

import datetime as dt
from functools import cache, lru_cache

# `holidays` takes a fifth of a second to import, and a country as much again: paid where a holiday is asked for.


class UnknownCountry(ValueError):
    """A country or a subdivision that has no list of holidays. The text is a sentence."""


@cache
def subdivisions_by_country() -> dict[str, tuple[str, ...]]:
    """Subdivision codes by country code (ISO 3166, two letters)."""
    import holidays

    supported = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(supported.items()) if len(code) == 2}


@cache
def country_names() -> dict[str, str]:
    """English names by code, of the countries that have lists."""
    from holidays.registry import COUNTRIES

    named = {
        entry[1]: name.replace("_", " ").title().replace(" And ", " and ")
        for name, entry in COUNTRIES.items()
    }
    return {code: named.get(code, code) for code in subdivisions_by_country()}


def require_known_country(country: str, subdivision: str) -> None:
    """Raises `UnknownCountry` unless there are holidays for the pair; "" for no country, "" for all of it."""
    if not country:
        if subdivision:
            raise UnknownCountry("A subdivision needs its country.")
        return
    if country not in subdivisions_by_country():
        raise UnknownCountry(f"There are no public holidays for the country “{country[:20]}”.")
    parts = subdivisions_by_country()[country]
    if subdivision and subdivision not in parts:
        known = f"It has {', '.join(parts)}." if parts else "It has none."
        raise UnknownCountry(f"{country} has no subdivision “{subdivision[:20]}”. {known}")


@lru_cache(maxsize=400)
def public_holidays(country: str, subdivision: str, year: int) -> dict[dt.date, str]:
    """Names in English by day, of one year; empty outside the years that the list covers."""
    if not country:
        return {}
    import holidays

    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US")
    return {day: name for day, name in found.items() if day.year == year}
