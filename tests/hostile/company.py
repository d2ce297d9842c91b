"""A company in which every object has the same id, so that every address leads to something, and its addresses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.credentials.store import store_credential
from accounts.models import Department, Role, User
from inbox.models import Case, Message, Quarantined, Reply
from routing.models import RoutingDefault, Rule, RuleSetVersion
from routing.rules import versions
from tests.factories import (
    NOW,
    PASSWORD,
    BrandAccountFactory,
    CannedAnswerFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    ReplyFactory,
    StreamFactory,
    UserFactory,
)
from tests.signing_in import sign_in_records

#: The id of everything that has one.
ID = 770077
KEY = uuid.UUID(int=77)
NOBODY = ""


@dataclass
class Company:
    service: Department
    people: dict[str, User]
    case: Case
    message: Message
    reply: Reply
    foreign: Case

    def browser(self, role: str = Role.MANAGER, **options: object) -> Client:
        """A browser in which that person has just signed in; `NOBODY` for one without a session."""
        client = Client(**options)
        if role:
            client.force_login(self.people[role], backend="django.contrib.auth.backends.ModelBackend")
            session = client.session
            session.update(sign_in_records(self.people[role]))
            session.save()
        return client


def found() -> Company:
    """Make the company: a manager who may publish, an administrator, a case with an answer, a foreign case."""
    service = DepartmentFactory(pk=ID, slug="service", name="Service")
    DepartmentFactory(slug="billing", name="Billing")
    brand = BrandAccountFactory(pk=ID, handle="kettle", owner_department=service)
    store_credential(brand, {"access_token": "t", "refresh_token": "r", "client_id": "c"}, now=NOW)
    stream = StreamFactory(pk=ID, brand_account=brand, kind="mentions")
    people = {
        Role.ADMINISTRATOR: UserFactory(username="administrator", role=Role.ADMINISTRATOR),
        Role.MANAGER: UserFactory(
            username="manager", role=Role.MANAGER, departments=[service], publishes=[brand], password=PASSWORD
        ),
    }
    UserFactory(pk=ID, username="colleague", departments=[service])
    case = CaseFactory(pk=ID, brand_account=brand, department=service)
    message = MessageFactory(pk=ID, case=case)
    reply = ReplyFactory(pk=ID, parent=MessageFactory(case=case), author=people[Role.MANAGER])
    Rule.objects.create(
        key=KEY, position=1, name="Refunds", department=service,
        condition={"any": [{"field": "words", "any": ["refund"]}]},
    )  # fmt: skip
    RoutingDefault.objects.create(department=service)
    versions.publish_rules(None, "tests", NOW)
    RuleSetVersion.objects.filter(number=1).update(number=ID)
    versions.clear_rules_cache()
    Quarantined.objects.create(
        pk=ID,
        brand_account=brand,
        stream=stream,
        remote_id="1",
        raw=b"{",
        digest="d",
        error="e",
        first_seen_at=NOW,
    )
    CannedAnswerFactory(pk=ID, shortcut="hello")
    foreign = CaseFactory(department=DepartmentFactory(slug="foreign"), visibility="direct")
    MessageFactory(case=foreign)
    return Company(service, people, case, message, reply, foreign)


#: What stands in an address for each parameter. A route with another one has to say here what leads somewhere.
PARAMETERS = {
    "pk": str(ID),
    "number": str(ID),
    "link": str(ID),
    "slug": "service",
    "key": str(KEY),
    "network": "x",
    "kind": "mentions",
    "uidb36": "1",
    "token": "1",
}


def addresses(stand_in: dict[str, str] | None = None) -> dict[str, str]:
    """The address of every route of the product and of the sign-in, by its name. Read from the resolver: a new route is
    in at once."""
    values = PARAMETERS | (stand_in or {})
    found = {}
    for name, path, parameters in _walk(get_resolver().url_patterns, "/", "", ()):
        kwargs = {parameter: values[parameter] for parameter in parameters}
        found[name or path] = reverse(name, kwargs=kwargs) if name else path
    return found


def _walk(
    patterns: list, before: str, space: str, parameters: tuple[str, ...]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for one in patterns:
        path = before + str(one.pattern)
        taken = (*parameters, *(one.pattern.converters or one.pattern.regex.groupindex))
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, path, one.namespace or space, taken)
        elif isinstance(one, URLPattern):
            name = str(one.name or "")
            yield (f"{space}:{name}" if space and name else name), path, taken
