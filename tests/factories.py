"""The small cast of the tests: each factory makes one sound row, and its neighbours where it needs them."""

from __future__ import annotations

import datetime as dt
import functools
import uuid

import factory
from django.contrib.auth.hashers import get_hasher, make_password
from factory.django import DjangoModelFactory

from accounts.models import (
    BrandAccount,
    BrandAccountGrant,
    Department,
    Membership,
    Role,
    Stream,
    User,
)
from inbox.models import (
    CannedAnswer,
    CannedText,
    Case,
    Custody,
    Customer,
    Direction,
    Identity,
    Macro,
    Message,
    Reply,
    SavedView,
    Status,
    Visibility,
)

#: The moment at which the tests' world stands still: a Wednesday.
NOW = dt.datetime(2026, 11, 18, 10, 0, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"


@functools.cache
def _hashed(password, _algorithm):
    return make_password(password)


def hashed(password):
    """One hash a password, hasher and process: a sound one takes a tenth of a second each time."""
    return _hashed(password, get_hasher().algorithm)


class DepartmentFactory(DjangoModelFactory):
    class Meta:
        model = Department

    name = factory.Sequence(lambda n: f"Department {n}")
    slug = factory.Sequence(lambda n: f"department-{n}")
    position = factory.Sequence(lambda n: n)


class UserFactory(DjangoModelFactory):
    """`departments=[…]` makes the user a member of them; `publishes=[…]` grants brand accounts to answer from."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    first_name = "Alex"
    last_name = factory.Sequence(lambda n: f"Tester{n}")
    initials = "AT"
    role = Role.AGENT

    @factory.post_generation
    def password(self, create, extracted, **_):
        self.password = hashed(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])

    @factory.post_generation
    def departments(self, create, extracted, **_):
        for department in (extracted or ()) if create else ():
            Membership.objects.create(user=self, department=department)

    @factory.post_generation
    def publishes(self, create, extracted, **_):
        for brand_account in (extracted or ()) if create else ():
            BrandAccountGrant.objects.create(user=self, brand_account=brand_account, can_publish=True)


class BrandAccountFactory(DjangoModelFactory):
    class Meta:
        model = BrandAccount

    network = "x"
    remote_id = factory.Sequence(lambda n: str(9000 + n))
    handle = factory.Sequence(lambda n: f"brand{n}")
    name = factory.LazyAttribute(lambda brand: brand.handle.title())
    connected_at = NOW - dt.timedelta(days=365)
    charter_signed_at = NOW - dt.timedelta(days=30)
    charter_until = NOW + dt.timedelta(days=3650)
    answers_until = NOW + dt.timedelta(days=3680)


class StreamFactory(DjangoModelFactory):
    class Meta:
        model = Stream

    brand_account = factory.SubFactory(BrandAccountFactory)
    kind = "mentions"
    next_poll_at = NOW


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    name = factory.Sequence(lambda n: f"Customer {n}")
    created_at = NOW


class IdentityFactory(DjangoModelFactory):
    class Meta:
        model = Identity

    network = "x"
    remote_id = factory.Sequence(lambda n: str(500000 + n))
    customer = factory.SubFactory(CustomerFactory)
    handle = factory.Sequence(lambda n: f"customer{n}")
    name = factory.LazyAttribute(lambda identity: identity.customer.name)
    seen_at = NOW


class CaseFactory(DjangoModelFactory):
    """An open case with its custody. It has no message until a `MessageFactory(case=…)` gives it one."""

    class Meta:
        model = Case
        skip_postgeneration_save = True

    identity = factory.SubFactory(IdentityFactory)
    customer = factory.LazyAttribute(lambda case: case.identity.customer)
    brand_account = factory.SubFactory(BrandAccountFactory)
    network = factory.LazyAttribute(lambda case: case.brand_account.network)
    visibility = Visibility.PUBLIC
    thread_id = factory.Sequence(lambda n: f"thread-{n}")
    status = Status.NEW
    department = factory.SubFactory(DepartmentFactory)
    preview = "Where is my parcel?"
    message_count = 1
    created_at = NOW
    opened_at = factory.LazyAttribute(lambda case: case.created_at)
    activity_at = factory.LazyAttribute(lambda case: case.created_at)
    last_inbound_at = factory.LazyAttribute(lambda case: case.created_at)
    waiting_since = factory.LazyAttribute(lambda case: case.created_at)

    @factory.post_generation
    def custody(self, create, extracted, **_):
        if create and extracted is not False:
            Custody.objects.create(
                case=self, department=self.department, sent_at=self.created_at, left_at=self.closed_at
            )


class MessageFactory(DjangoModelFactory):
    """An inbound message; `outbound=True` makes it ours."""

    class Meta:
        model = Message

    class Params:
        outbound = factory.Trait(direction=Direction.OUTBOUND, identity=None, needs_answer=False)

    case = factory.SubFactory(CaseFactory)
    brand_account = factory.LazyAttribute(lambda message: message.case.brand_account)
    stream = "mentions"
    canonical_id = factory.Sequence(lambda n: str(1_700_000_000_000_000_000 + n))
    remote_id = factory.LazyAttribute(lambda message: message.canonical_id)
    thread_id = factory.LazyAttribute(lambda message: message.case.thread_id)
    direction = Direction.INBOUND
    visibility = factory.LazyAttribute(lambda message: message.case.visibility)
    identity = factory.LazyAttribute(lambda message: message.case.identity)
    text = "Where is my parcel?"
    network_time = factory.LazyAttribute(lambda message: message.case.created_at)
    received_at = factory.LazyAttribute(lambda message: message.network_time)
    reply_ref = factory.LazyAttribute(lambda message: {"tweet_id": message.remote_id, "author_id": "1"})


class ReplyFactory(DjangoModelFactory):
    class Meta:
        model = Reply

    parent = factory.SubFactory(MessageFactory)
    case = factory.LazyAttribute(lambda reply: reply.parent.case)
    brand_account = factory.LazyAttribute(lambda reply: reply.parent.brand_account)
    author = factory.SubFactory(UserFactory)
    composer_id = factory.LazyFunction(uuid.uuid4)
    text = "Sorry to hear that. We are looking into it. ^AT"
    visibility = factory.LazyAttribute(lambda reply: reply.parent.visibility)
    created_at = NOW
    send_after = factory.LazyAttribute(lambda reply: reply.created_at)


class CannedAnswerFactory(DjangoModelFactory):
    """The company's, unless `owner` or `department` is given; `texts={"en": …, ("en", "x"): …}` are its texts."""

    class Meta:
        model = CannedAnswer
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Answer {n}")
    shortcut = factory.Sequence(lambda n: f"answer-{n}")
    scope = factory.LazyAttribute(
        lambda o: "person" if o.owner else "department" if o.department else "company"
    )
    owner = department = None
    created_at = changed_at = NOW

    @factory.post_generation
    def texts(self, create, extracted, **kwargs):
        for key, text in (extracted or {"en": "Thank you for telling us."}).items():
            language, network = key if isinstance(key, tuple) else (key, "")
            CannedText.objects.create(answer=self, language=language, network=network, text=text)


class MacroFactory(DjangoModelFactory):
    """The company's, unless `owner` or `department` is given; `does=[("tag", "", "late"), …]` are its steps."""

    class Meta:
        model = Macro

    class Params:
        does = (("resolve", "", ""),)

    title = factory.Sequence(lambda n: f"Macro {n}")
    scope = factory.LazyAttribute(
        lambda o: "person" if o.owner else "department" if o.department else "company"
    )
    owner = department = None
    steps = factory.LazyAttribute(
        lambda o: [
            {"kind": kind, "choice": str(choice), "text": text, "name": f"the {kind}"}
            for kind, choice, text in o.does
        ]
    )
    created_at = changed_at = NOW


class SavedViewFactory(DjangoModelFactory):
    """`departments=[…]` shares it with them, with the scope of departments."""

    class Meta:
        model = SavedView
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"View {n}")
    kind = "open"
    query = ""
    scope = "person"
    owner = factory.SubFactory(UserFactory)
    created_at = NOW
    changed_at = NOW

    @factory.post_generation
    def departments(self, create, extracted, **_):
        if create and extracted:
            self.departments.set(extracted)
