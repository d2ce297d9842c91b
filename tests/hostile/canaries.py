"""A company in which every text that somebody must not read is a word of its own, and who may read which.

Two departments, two brand accounts, public and direct: eight cases. `may_read` is written down by hand from
docs/permissions.md, and does not ask the product.
"""

from __future__ import annotations

import itertools
import re
import uuid
from dataclasses import dataclass, field

from django.test import Client

from accounts.credentials.store import store_credential
from accounts.models import BrandAccount, Department, Role, User
from inbox.cases import verbs
from inbox.models import Case, Draft, Message, Quarantined, Reply
from routing.models import RoutingDefault, Rule
from routing.rules import versions
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    ReplyFactory,
    StreamFactory,
    UserFactory,
)
from tests.signing_in import sign_in_records, signed_in

DEPARTMENTS, BRANDS, VISIBILITIES = ("billing", "service"), ("kettle", "teapot"), ("public", "direct")
#: Everybody: role, departments, brand accounts to answer from. Each brand account belongs to a department.
PEOPLE: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "administrator": (Role.ADMINISTRATOR, (), ()),
    "manager of billing": (Role.MANAGER, ("billing",), ("kettle",)),
    "manager of both": (Role.MANAGER, DEPARTMENTS, BRANDS),
    "manager of none": (Role.MANAGER, (), ()),
    "community of kettle": (Role.COMMUNITY, (), ("kettle",)),
    "community of teapot": (Role.COMMUNITY, (), ("teapot",)),
    "agent of billing": (Role.AGENT, ("billing",), ("kettle",)),
    "agent of service": (Role.AGENT, ("service",), BRANDS),
    "agent of both": (Role.AGENT, DEPARTMENTS, BRANDS),
    "agent of none": (Role.AGENT, (), ()),
    "analyst of billing": (Role.ANALYST, ("billing",), ()),
    "analyst of none": (Role.ANALYST, (), ()),
}
NOBODY = "nobody"
OWNER = {"kettle": "billing", "teapot": "service"}
#: A canary: lower-case letters that no text of the product holds.
_CANARY = re.compile(rb"zqx[a-z]+zq")
#: Who wrote the drafts and answers.
AUTHOR = "agent of both"


@dataclass(frozen=True)
class Place:
    """Where a canary sits."""

    kind: str
    department: str
    brand: str
    visibility: str

    @property
    def canary(self) -> str:
        return f"zqx{self.kind}{self.department}{self.brand}{self.visibility}zq"


@dataclass
class Company:
    people: dict[str, User] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    brands: dict[str, BrandAccount] = field(default_factory=dict)
    cases: dict[tuple[str, str, str], Case] = field(default_factory=dict)
    messages: dict[tuple[str, str, str], Message] = field(default_factory=dict)
    replies: dict[tuple[str, str, str], Reply] = field(default_factory=dict)
    places: dict[bytes, Place] = field(default_factory=dict)

    def plant(self, kind: str, department: str, brand: str, visibility: str) -> str:
        """Note a place and return its canary."""
        place = Place(kind, department, brand, visibility)
        self.places[place.canary.encode()] = place
        return place.canary

    def browser(self, person: str, **options: object) -> Client:
        """A browser in which that person has just signed in; `NOBODY` for one without a session."""
        client = Client(raise_request_exception=False, **options)
        if person != NOBODY:
            user = self.people[person]
            client.cookies = signed_in(user, **sign_in_records(user)).cookies
        return client

    def leaks(self, person: str, body: bytes) -> list[Place]:
        """The places of canaries in `body` that this person may not read."""
        found = {self.places[canary] for canary in _CANARY.findall(body.lower()) if canary in self.places}
        return sorted((place for place in found if not may_read(person, place)), key=str)


def reaches(person: str, department: str, brand: str) -> bool:
    """Return whether the person's role, departments and brand accounts lead to a case of these."""
    if person == NOBODY:
        return False
    role, departments, brands = PEOPLE[person]
    if role == Role.ADMINISTRATOR:
        return True
    return brand in brands if role == Role.COMMUNITY else department in departments


def may_read(person: str, place: Place) -> bool:
    """Return what docs/permissions.md says."""
    if person == NOBODY:
        return False
    role, departments, brands = PEOPLE[person]
    if place.kind == "draft":
        return person == AUTHOR
    if place.kind == "quarantined":
        if role == Role.MANAGER:
            return OWNER[place.brand] in departments
        return role == Role.ADMINISTRATOR or (role == Role.COMMUNITY and place.brand in brands)
    private = place.visibility == "direct" or place.kind == "note"
    if private and role in (Role.ADMINISTRATOR, Role.ANALYST):
        return False
    return reaches(person, place.department, place.brand)


def make_company() -> Company:
    """Make the company: eight cases, each with a message, an answer, a note and a draft, and quarantined items."""
    company = Company()
    for slug in DEPARTMENTS:
        company.departments[slug] = DepartmentFactory(slug=slug, name=slug.title())
    for handle in BRANDS:
        brand = BrandAccountFactory(handle=handle, owner_department=company.departments[OWNER[handle]])
        store_credential(brand, {"access_token": f"token{handle}", "client_id": "c"}, now=NOW)
        stream = StreamFactory(brand_account=brand, kind="mentions")
        canary = company.plant("quarantined", "", handle, "")
        Quarantined.objects.create(
            brand_account=brand, stream=stream, remote_id=handle, raw=canary.encode(), digest=handle,
            error="unreadable", first_seen_at=NOW,
        )  # fmt: skip
        company.brands[handle] = brand
    for name, (role, departments, brands) in PEOPLE.items():
        company.people[name] = UserFactory(
            username=name.replace(" ", "."), role=role,
            departments=[company.departments[slug] for slug in departments],
            publishes=[company.brands[handle] for handle in brands],
        )  # fmt: skip
    for number, slug in enumerate(DEPARTMENTS):
        Rule.objects.create(
            key=uuid.UUID(int=number + 1), position=number + 1, name=f"To {slug}", department=company.departments[slug],
            condition={"any": [{"field": "words", "any": [slug]}]},
        )  # fmt: skip
    RoutingDefault.objects.create(department=company.departments["service"])
    versions.publish_rules(None, "tests", NOW)
    for key in itertools.product(DEPARTMENTS, BRANDS, VISIBILITIES):
        _make_case(company, *key)
    return company


def _make_case(company: Company, department: str, brand: str, visibility: str) -> None:
    key, author = (department, brand, visibility), company.people[AUTHOR]
    case = CaseFactory(
        department=company.departments[department], brand_account=company.brands[brand], visibility=visibility,
        preview=company.plant("message", *key),
    )  # fmt: skip
    text = f"Nothing of {company.plant('message', *key)} works"
    company.messages[key] = MessageFactory(case=case, text=text)
    company.replies[key] = ReplyFactory(
        parent=MessageFactory(case=case, text=text), author=author, text=company.plant("answer", *key),
        state="failed", error="refused",
    )  # fmt: skip
    verbs.add_note(case.pk, author, company.plant("note", *key), now=NOW)
    Draft.objects.create(case=case, user=author, text=company.plant("draft", *key), updated_at=NOW)
    case.refresh_from_db()
    company.cases[key] = case
