"""A token that is revoked and a permission that is taken away, on the wire, from the poll to the notice and back."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts import tasks as accounts_tasks
from accounts.brand_accounts import checks
from accounts.brand_accounts.connecting import connect_brand_account
from accounts.models import Department, Role, Stream
from inbox import connections, tasks
from inbox.ingest import polling
from inbox.models import Notice
from tests.accounts.conftest import signed_in
from tests.factories import UserFactory
from tests.inbox.leased_streams import publish_rules
from tests.markup import squeezed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def manager(administrator, department):
    return UserFactory(role=Role.MANAGER, departments=[department])


@pytest.fixture
def connected(networks, clock, department, manager):
    def connect(network):
        row = networks.accounts(network)[0]
        values = {name: row[name] for name in ("network", "remote_id", "handle", "name", "secrets")}
        account = connect_brand_account(owner_department=department, by=None, now=timezone.now(), **values)
        poll_everything()
        return account

    Department.objects.update(slug="own")
    publish_rules()
    connections.forget_connectors()
    yield connect
    connections.forget_connectors()


def poll_everything():
    while leased := polling.lease_due_streams(timezone.now()):
        for stream_id, token in leased:
            polling.poll_leased_stream(stream_id, token)
    tasks.review_brand_accounts()


def press_check(client, account):
    """Press the button, and do what the workers do within seconds."""
    client.post(reverse("accounts:brand_account_check", args=[account.pk]))
    for account_id in checks.claim_due_checks(timezone.now()):
        accounts_tasks.check_brand_account(account_id)
    # Not told of as silent between the check and the fetch.
    tasks.review_brand_accounts()
    poll_everything()
    return squeezed(client.get(reverse("accounts:brand_accounts")))


def told(user):
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


def test_a_revoked_token_of_facebook(networks, connected, admin, administrator, manager, clock):
    account = connected("facebook")
    assert ">Healthy<" in squeezed(admin.get(reverse("accounts:brand_accounts")))
    networks.post("/tokens/revoke", {"network": "facebook", "account": account.handle})
    try:
        clock.shift(20 * MINUTE)
        poll_everything()
        assert len(told(administrator)) == len(told(manager)) == 1
        assert "Facebook no longer accepts our credential." in told(manager)[0]
        assert "has been cut off since" in squeezed(admin.get(reverse("inbox:queue")))
        assert "Facebook still does not accept our credential." in press_check(admin, account)
    finally:
        networks.post("/tokens/revoke", {"network": "facebook", "account": account.handle, "revoked": False})
    # A worker that met the revoked account leaves its lease to run out.
    clock.shift(MINUTE)
    page = press_check(admin, account)
    assert "Comments, direct messages and visitor posts and tags fetched." in page
    assert ">Healthy<" in page
    assert [text.endswith("Fetching goes on where it stopped.") for text in told(manager)] == [False, True]


def test_a_permission_that_x_takes_away_and_gives_back(networks, connected, admin, manager):
    account = connected("x")
    networks.post(
        "/faults", {"fault": "missing_permission", "network": "x", "account": account.handle, "kind": "read"}
    )
    try:
        # No shift of the clock: X refuses signatures of another time.
        Stream.objects.update(next_poll_at=timezone.now())
        poll_everything()
        assert "X refuses them, because our credential was not given permission." in told(manager)[0]
        page = squeezed(signed_in(manager).get(reverse("accounts:brand_accounts")))
        assert "Missing permission" in page
        assert ">Healthy<" not in page
    finally:
        httpx.delete(f"{networks.url}/_sim/faults", trust_env=False).raise_for_status()
    page = press_check(admin, account)
    assert "Comments, direct messages and mentions fetched." in page
    assert ">Healthy<" in page
    assert told(manager)[1:] == [f"{account}: requests are accepted again."]
