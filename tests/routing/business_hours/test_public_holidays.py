"""Countries of public holidays, as people read them."""

from __future__ import annotations

from routing.business_hours.public_holidays import country_names


def test_countries_are_written_as_people_write_them():
    names = country_names()
    assert [names[code] for code in ("HK", "IM", "CD", "CW", "RE", "GW", "FR")] == [
        "Hong Kong", "Isle of Man", "DR Congo", "Curaçao", "Réunion", "Guinea-Bissau", "France",
    ]  # fmt: skip
    assert [name for name in names.values() if " Of " in name or " The " in name or " Da " in name] == []
