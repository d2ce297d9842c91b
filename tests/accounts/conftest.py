"""The cast of this room: one user of each role, and the simulated networks in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from accounts.models import Role, User
from tests import signing_in
from tests.factories import BrandAccountFactory, DepartmentFactory, StreamFactory, UserFactory

ROOT = Path(__file__).resolve().parents[2]


def signed_in(user: User | None, *, recently: bool = True) -> Client:
    """A browser in which `user` has signed in, with a password a moment (or an hour) ago; None: nobody has."""
    if user is None:
        return Client()
    records = signing_in.sign_in_records(user, seconds_ago=0 if recently else 3600)
    return signing_in.signed_in(user, **records)


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Hashing is slow by design; nothing here tests how slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def department(db):
    return DepartmentFactory(name="Customer service", slug="service")


@pytest.fixture
def cast(department) -> dict[str, User]:
    """By role; everybody but the administrator belongs to `department`."""
    return {
        role.value: UserFactory(
            username=role.value,
            role=role,
            departments=[] if role is Role.ADMINISTRATOR else [department],
        )
        for role in Role
    }


@pytest.fixture
def administrator(cast) -> User:
    return cast["administrator"]


@pytest.fixture
def admin(administrator) -> Client:
    return signed_in(administrator)


@pytest.fixture
def brand_account(department):
    account = BrandAccountFactory(handle="kettle", name="Kettle", owner_department=department)
    StreamFactory(brand_account=account, kind="mentions")
    return account


class Networks:
    """The simulated networks, in a process of their own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "simulator", "--port", "0", "--rate", "0", "--quiet"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = "http://" + self.process.stdout.readline().split("http://")[1].split()[0]

    @property
    def api_urls(self) -> dict[str, str]:
        return {"x": f"{self.url}/x", "facebook": f"{self.url}/graph"}

    def accounts(self, network: str) -> list[dict[str, Any]]:
        rows = httpx.get(f"{self.url}/_sim/accounts.json", trust_env=False).json()["accounts"]
        return [row for row in rows if row["network"] == network]

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(f"{self.url}/_sim{path}", json=body, trust_env=False)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="session")
def running_networks() -> Iterator[Networks]:
    networks = Networks()
    yield networks
    networks.process.terminate()
    networks.process.wait(10)


@pytest.fixture
def networks(running_networks, settings) -> Networks:
    """The simulated networks, with the settings pointing at them."""
    settings.NETWORK_API_URLS = running_networks.api_urls
    apps = httpx.get(f"{running_networks.url}/_sim/apps.json", trust_env=False).json()
    settings.X_CLIENT_ID = apps["x"]["client_id"]
    settings.X_CLIENT_SECRET = apps["x"]["client_secret"]
    settings.FACEBOOK_APP_ID = apps["facebook"]["app_id"]
    settings.FACEBOOK_APP_SECRET = apps["facebook"]["app_secret"]
    return running_networks
