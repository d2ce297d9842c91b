"""A possible gap of a brand account: told until somebody has looked, then gone until the next."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts.models import BrandAccountGrant, Role, Stream
from tests.accounts.conftest import signed_in
from tests.factories import NOW, StreamFactory, UserFactory
from tests.inbox.page_requests import count_statements
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def stream(brand_account):
    Stream.objects.update(overflowed_at=NOW - HOUR)
    return brand_account.streams.get()


@pytest.fixture
def ada(administrator):
    administrator.first_name, administrator.last_name = "Ada", "Holm"
    administrator.save()
    return signed_in(administrator)


def page_of(client):
    return squeezed(client.get(reverse("accounts:brand_accounts")))


def settle(client, stream, gap=None, **more):
    form = {"gap": (gap or stream.overflowed_at).isoformat()}
    address = reverse("accounts:gap_settle", args=[stream.brand_account_id, stream.kind])
    return client.post(address, form, follow=True, **more)


def test_acknowledging_keeps_who_and_when_and_takes_the_chip_away_until_the_next(ada, stream):
    page = page_of(ada)
    assert '<span class="chip risk">Possible gap</span>' in page
    assert f'name="gap" value="{stream.overflowed_at.isoformat()}"' in page

    page = squeezed(settle(ada, stream))

    stream.refresh_from_db()
    assert (stream.gap_seen_at, stream.gap_seen_by.first_name) == (NOW, "Ada")
    assert "your acknowledgement of the possible gap is saved" in page
    assert "Possible gap</span>" not in page
    assert "a gap is possible. Ada Holm acknowledged it" in page
    assert ">Acknowledge<" not in page
    Stream.objects.update(overflowed_at=NOW + HOUR)
    page = page_of(ada)
    assert "Possible gap</span>" in page
    assert ">Acknowledge<" in page
    assert "acknowledged it" not in page


def test_another_streams_gap_stays(ada, stream):
    other = StreamFactory(brand_account=stream.brand_account, kind="comments", overflowed_at=NOW)
    settle(ada, stream)
    assert "Possible gap</span>" in page_of(ada)
    settle(ada, other)
    assert "Possible gap</span>" not in page_of(ada)


def test_a_gap_that_came_since_is_not_acknowledged(ada, stream):
    Stream.objects.update(overflowed_at=NOW)
    page = settle(ada, stream, gap=NOW - HOUR).content.decode()
    assert "more may have been missed since" in page
    assert Stream.objects.get().gap_seen_at is None


def test_the_first_who_acknowledged_it_stays(ada, stream):
    settle(ada, stream)
    page = settle(signed_in(UserFactory(role=Role.ADMINISTRATOR)), stream).content.decode()
    assert "somebody has acknowledged this gap already" in page
    assert Stream.objects.get().gap_seen_by.first_name == "Ada"


def test_whoever_keeps_the_brand_account_may(stream):
    owner = UserFactory(role=Role.MANAGER, departments=[stream.brand_account.owner_department])
    community = UserFactory(role=Role.COMMUNITY)
    BrandAccountGrant.objects.create(user=community, brand_account=stream.brand_account)
    strangers = [UserFactory(role=role) for role in (Role.MANAGER, Role.COMMUNITY, Role.AGENT)]
    for user in strangers:
        assert ">Acknowledge<" not in page_of(signed_in(user))
        assert settle(signed_in(user), stream).status_code == 404
    for user in (owner, community):
        Stream.objects.update(gap_seen_at=None, gap_seen_by=None)
        assert ">Acknowledge<" in page_of(signed_in(user))
        assert settle(signed_in(user), stream).status_code == 200
        assert Stream.objects.get().gap_seen_by == user


def test_who_acknowledged_costs_no_statement(ada, stream):
    address = reverse("accounts:brand_accounts")
    few = count_statements(ada, address)
    for kind in ("comments", "direct"):
        StreamFactory(
            brand_account=stream.brand_account,
            kind=kind,
            overflowed_at=NOW,
            gap_seen_at=NOW,
            gap_seen_by=UserFactory(),
        )
    assert count_statements(ada, address) == few
