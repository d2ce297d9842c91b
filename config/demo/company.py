"""Kettle & Fern, the invented company of the demo: people, departments, roles, charters, service levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Role

COMPANY_NAME = "Kettle & Fern"
#: The password of everybody in the demo. It is public: never use it for a company's own data.
PASSWORD = "kettle-and-fern"  # noqa: S105
#: Below a top-level domain that is reserved for examples: no mail can be delivered.
DOMAIN = "kettleandfern.example"


@dataclass(frozen=True)
class Person:
    """A person of the demo. `departments` are slugs; `publishes` allows answering as every brand account."""

    username: str
    first_name: str
    last_name: str
    initials: str
    role: Role
    departments: tuple[str, ...]
    publishes: bool = True

    @property
    def email(self) -> str:
        return f"{self.username}@{DOMAIN}"


ALL_DEPARTMENTS = ("service", "billing", "sales", "marketing", "pr", "product", "tech", "legal", "hr", "spam")
CARE_DEPARTMENTS = ("service", "billing", "sales", "tech")
VOICE_DEPARTMENTS = ("marketing", "pr", "product", "legal", "hr", "spam")

PEOPLE = (
    Person("admin", "Odile", "Harrow", "OH", Role.ADMINISTRATOR, (), publishes=False),
    Person("mara", "Mara", "Lindqvist", "ML", Role.MANAGER, CARE_DEPARTMENTS),
    Person("teo", "Teo", "Bramwell", "TB", Role.MANAGER, VOICE_DEPARTMENTS),
    Person("juno", "Juno", "Achterberg", "JA", Role.COMMUNITY, ("marketing", "spam")),
    Person("pavel", "Pavel", "Oster", "PO", Role.COMMUNITY, ("marketing", "pr")),
    Person("sana", "Sana", "Whitlock", "SW", Role.AGENT, ("service",)),
    Person("bram", "Bram", "Tolliver", "BT", Role.AGENT, ("service", "sales")),
    Person("ilse", "Ilse", "Marchetti", "IM", Role.AGENT, ("billing",)),
    Person("kofi", "Kofi", "Danbury", "KD", Role.AGENT, ("tech", "product")),
    Person("wren", "Wren", "Castellane", "WC", Role.AGENT, ("sales",)),
    Person("noor", "Noor", "Fairweather", "NF", Role.AGENT, ("legal", "hr", "pr")),
    Person("elio", "Elio", "Standish", "ES", Role.ANALYST, ALL_DEPARTMENTS, publishes=False),
)

#: Purpose, audience and objective of the demo's brand accounts, by network.
CHARTERS = {
    "x": (
        "Quick help in public, and news of the shop.",
        "People who have bought from us, and people who are about to.",
        "Nobody waits a working day for an answer.",
    ),
    "facebook": (
        "Conversations under our posts, and help in Messenger.",
        "Neighbours of our shops and families who cook at home.",
        "Every question under a post is answered under that post.",
    ),
}

#: Business hours by calendar: spans in minutes after midnight, for each day from Monday on.
CALENDARS: dict[str, dict[str, Any]] = {
    "Care hours": {
        "time_zone": "Europe/London",
        "country": "GB",
        "subdivision": "ENG",
        "week": [[[480, 780], [810, 1200]]] * 5 + [[[540, 1020]], []],
    },
    "Round the clock": {"time_zone": "Europe/London", "week": [[[0, 1440]]] * 7},
}
#: Service-level policies, the first that fits applies; times in business minutes.
POLICIES: list[dict[str, Any]] = [
    {
        "name": "Urgent, day and night",
        "priority": 2,
        "calendar": "Round the clock",
        "first_response_minutes": 30,
        "next_response_minutes": 60,
        "resolution_minutes": 480,
        "steps": [
            {"after": 15, "clock": "", "notify": ["managers"]},
            {"after": 60, "clock": "", "notify": ["assignee", "department"]},
        ],
    },
    {
        "name": "Reputation",
        "department": "pr",
        "calendar": "Round the clock",
        "first_response_minutes": 60,
        "next_response_minutes": 120,
        "resolution_minutes": 1440,
        "steps": [{"after": 30, "clock": "first_response", "notify": ["managers"], "raise": True}],
    },
    {
        "name": "Everything else",
        "calendar": "Care hours",
        "first_response_minutes": 120,
        "next_response_minutes": 240,
        "resolution_minutes": 1440,
        "warning_minutes": 30,
        "steps": [{"after": 60, "clock": "", "notify": ["managers"], "raise": True}],
    },
]
