import datetime as dt
import time

import pytest

from accounts.brand_accounts import checks
from accounts.brand_accounts.connecting import disconnect_brand_account
from accounts.credentials.store import (
    CredentialUnusable,
    open_credential,
    rotate_credentials,
    store_credential,
)
from accounts.models import Credential, Health
from inbox import connections
from networks import registry
from networks.base import Credentials, OwnAccount, Reauthorise
from networks.x.connector import XConnector
from tests.factories import NOW, BrandAccountFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=2)


class Expiring:
    """Its access token has ended; each refresh token is good once."""

    capabilities = XConnector.capabilities
    spent: set[str] = set()

    def __init__(self, credentials, *, api_url=""):
        self.credentials = credentials

    def refresh_credentials(self):
        secrets = self.credentials.secrets
        if secrets["refresh_token"] == "fresh":
            return None
        if secrets["refresh_token"] in self.spent:
            raise Reauthorise("The refresh token is spent.")
        self.spent.add(secrets["refresh_token"])
        self.credentials = Credentials("x", self.credentials.remote_id, {"refresh_token": "fresh"})
        return self.credentials


@pytest.fixture(autouse=True)
def _expiring(monkeypatch):
    Expiring.spent = set()
    monkeypatch.setitem(registry.CONNECTORS, "x", Expiring)


@pytest.fixture
def brand():
    brand = BrandAccountFactory()
    store_credential(brand, {"refresh_token": "old"}, now=NOW)
    return brand


def test_what_was_renewed_is_kept(brand):
    connections.connect_renewed(brand, now=LATER)
    assert open_credential(brand).secrets == {"refresh_token": "fresh"}


def test_who_was_slower_goes_on_with_what_the_other_got(brand, monkeypatch):
    Expiring.spent = {"old"}
    pauses = []

    def the_other_stores(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            store_credential(brand, {"refresh_token": "fresh"}, now=LATER)

    monkeypatch.setattr(time, "sleep", the_other_stores)
    assert connections.connect_renewed(brand, now=LATER).credentials.secrets == {"refresh_token": "fresh"}


def test_a_check_that_was_slower_than_a_poll_goes_on_with_what_the_poll_got(brand, monkeypatch):
    Expiring.spent = {"old"}
    monkeypatch.setattr(
        time, "sleep", lambda s: store_credential(brand, {"refresh_token": "fresh"}, now=LATER)
    )
    monkeypatch.setattr(
        Expiring, "verify", lambda self: OwnAccount(brand.remote_id, "us", "Us", ()), raising=False
    )
    checks.check_credential(brand.pk, LATER)
    brand.refresh_from_db()
    assert (brand.health, brand.verified_at) == (Health.OK, LATER)


@pytest.fixture
def meanwhile(monkeypatch):
    """What an administrator does while the network renews a credential."""
    actions = []
    renew = Expiring.refresh_credentials

    def refresh_credentials(self):
        fresh = renew(self)
        while fresh is not None and actions:
            actions.pop()()
        return fresh

    monkeypatch.setattr(Expiring, "refresh_credentials", refresh_credentials)
    return actions


def test_what_was_renewed_does_not_bring_a_disconnected_account_back(brand, meanwhile):
    meanwhile.append(lambda: disconnect_brand_account(brand, by=UserFactory(), now=LATER))
    with pytest.raises(CredentialUnusable, match="has no credential"):
        connections.connect_renewed(brand, now=LATER)
    assert not Credential.objects.exists()


def test_what_was_renewed_does_not_replace_what_somebody_connected_meanwhile(brand, meanwhile):
    meanwhile.append(lambda: store_credential(brand, {"refresh_token": "new"}, now=NOW))
    connector = connections.connect_renewed(brand, now=LATER)
    assert connector.credentials.secrets == {"refresh_token": "new"}
    assert open_credential(brand).secrets == {"refresh_token": "new"}


def test_what_was_renewed_is_kept_when_the_keys_were_rotated_meanwhile(brand, meanwhile):
    meanwhile.append(lambda: rotate_credentials(now=LATER))
    connections.connect_renewed(brand, now=LATER)
    assert open_credential(brand).secrets == {"refresh_token": "fresh"}


def test_when_nobody_got_another_a_person_has_to_connect_it(brand, monkeypatch):
    Expiring.spent = {"old"}
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(Reauthorise):
        connections.connect_renewed(brand, now=LATER)
    assert open_credential(brand).secrets == {"refresh_token": "old"}


def test_a_credential_without_a_part_of_it_is_unusable(brand, monkeypatch):
    class Incomplete(Expiring):
        def __init__(self, credentials, *, api_url=""):
            raise KeyError("consumer_secret")

    monkeypatch.setitem(registry.CONNECTORS, "x", Incomplete)
    with pytest.raises(CredentialUnusable, match="incomplete"):
        connections.connect_renewed(brand, now=LATER)
