"""Look up public holidays by country and subdivision in the `holidays` package.

These are the statutory ones, with the days on which they are observed when they fall on a weekend.
"""

from __future__ import annotations

import datetime as dt
from functools import cache, lru_cache

# Importing `holidays` takes a fifth of a second, and each country as much again, so it is imported only
# inside the functions that need a holiday.


class UnknownCountry(ValueError):
    """A country or a subdivision has no list of holidays. The text is a sentence for people."""


@cache
def subdivisions_by_country() -> dict[str, tuple[str, ...]]:
    """Return the subdivision codes by country code (ISO 3166, two letters)."""
    import holidays

    supported = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(supported.items()) if len(code) == 2}


#: Names that the package's own, in capitals without accents, do not give.
_NAMES = {
    "AX": "Åland Islands", "BL": "Saint Barthélemy", "BQ": "Bonaire, Sint Eustatius and Saba", "CD": "DR Congo",
    "CG": "Republic of the Congo", "CW": "Curaçao", "GS": "South Georgia and the South Sandwich Islands",
    "GW": "Guinea-Bissau", "HK": "Hong Kong", "HM": "Heard Island and McDonald Islands", "IM": "Isle of Man",
    "RE": "Réunion", "SH": "Saint Helena, Ascension and Tristan da Cunha", "ST": "São Tomé and Príncipe",
    "SY": "Syria", "TL": "Timor-Leste", "UM": "US Minor Outlying Islands", "VC": "Saint Vincent and the Grenadines",
    "VI": "US Virgin Islands",
}  # fmt: skip


@cache
def country_names() -> dict[str, str]:
    """Return the English names of the countries with lists, by code."""
    from holidays.registry import COUNTRIES

    named = {
        entry[1]: name.replace("_", " ").title().replace(" And ", " and ")
        for name, entry in COUNTRIES.items()
    }
    return {code: _NAMES.get(code) or named.get(code, code) for code in subdivisions_by_country()}


def require_known_country(country: str, subdivision: str) -> None:
    """Check that there is a list of holidays for the pair.

    A `country` of "" is no country, a `subdivision` of "" the whole country. Raises `UnknownCountry`.
    """
    if not country:
        if subdivision:
            raise UnknownCountry("A subdivision needs its country.")
        return
    if country not in subdivisions_by_country():
        raise UnknownCountry(f"There are no public holidays for the country “{country[:20]}”.")
    parts = subdivisions_by_country()[country]
    if subdivision and subdivision not in parts:
        subdivisions = f"It has {', '.join(parts)}." if parts else "It has none."
        raise UnknownCountry(f"{country} has no subdivision “{subdivision[:20]}”. {subdivisions}")


@lru_cache(maxsize=400)
def public_holidays(country: str, subdivision: str, year: int) -> dict[dt.date, str]:
    """Return the English names of one year's holidays by day.

    {} without a country and for years that the list does not cover.
    """
    if not country:
        return {}
    import holidays

    holidays_by_day = holidays.country_holidays(
        country, subdiv=subdivision or None, years=year, language="en_US"
    )
    return {day: name for day, name in holidays_by_day.items() if day.year == year}
