"""Wrong passwords: guessing is slow, and whoever guesses locks out nobody else."""

from __future__ import annotations

import asyncio
import datetime as dt
import re

import httpx
import pytest
import time_machine
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import SignInCounter, User
from accounts.people.verbs import mark_email_verified
from accounts.sign_in import limits
from config.serving.pages import PageHandler
from config.testing.quick import choose_size
from config.trusted_proxy import TrustedProxyMiddleware, read_trusted_proxy
from tests.factories import PASSWORD, UserFactory

OFFICE, STRANGER = "192.0.2.10", "203.0.113.66"


@pytest.fixture
def wren(db) -> User:
    user = UserFactory(username="wren", email="wren.holm@example.org")
    mark_email_verified(user)
    return user


@pytest.fixture
def frozen():
    """The clock stands still, so that waits are told to the second."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def sign_in(
    name: str, password: str = PASSWORD, *, address: str = OFFICE, client: Client | None = None
) -> str:
    """ "in", or what the page says instead."""
    client = client or Client()
    answer = client.post("/auth/login/", {"login": name, "password": password}, REMOTE_ADDR=address)
    if answer.status_code == 302:
        return "in"
    assert answer.status_code == 200
    return " ".join(re.findall(r'role="alert">(.*?)</div>', answer.content.decode(), re.DOTALL))


def pass_time(**by) -> None:
    """Let everything that was counted have happened earlier."""
    ago = dt.timedelta(**by)
    SignInCounter.objects.update(last_at=F("last_at") - ago, closed_until=F("closed_until") - ago)


def test_after_five_wrong_ones_the_next_has_to_wait_and_says_how_long(wren, frozen):
    assert all("not correct" in sign_in("wren", "wrong") for _ in range(5))
    assert "Too many wrong passwords. Try again in 30 s." in sign_in("wren")
    pass_time(seconds=31)
    assert sign_in("wren") == "in"


def test_trying_during_the_wait_makes_it_no_longer(wren, frozen):
    for _ in range(50):
        sign_in("wren", "wrong")
    assert "Try again in 30 s." in sign_in("wren")


def test_each_wait_is_twice_as_long_up_to_a_quarter_of_an_hour(wren, frozen):
    waits = []
    for _ in range(5):
        sign_in("wren", "wrong")
    for _ in range(7):
        waits.append(re.search(r"again in (.*?)\.", sign_in("wren", "wrong"))[1])
        pass_time(minutes=15)
        sign_in("wren", "wrong")
    assert waits == ["30 s", "1 min", "2 min", "4 min", "8 min", "15 min", "15 min"]


def test_user_name_and_address_in_any_writing_are_one_account(wren):
    names = ["wren", "WREN", "wren.holm@example.org", " Wren.Holm@Example.ORG ", "wren.HOLM@example.org"]
    for name in names:
        sign_in(name, "wrong")
    assert all("Too many" in sign_in(name) for name in names)


def test_a_right_password_starts_anew(wren):
    for _ in range(3):
        for _ in range(4):
            sign_in("wren", "wrong")
        assert sign_in("wren") == "in"


def test_a_name_that_nobody_has_answers_alike(wren, frozen):
    assert [sign_in("nobody", "wrong", address="198.51.100.4") for _ in range(6)] == [
        sign_in("wren", "wrong", address="198.51.100.5") for _ in range(6)
    ]


@pytest.mark.slow
def test_one_address_that_tries_many_accounts_has_to_wait_but_never_long(wren):
    for number in range(60):
        sign_in(f"person{number}", "wrong", address=STRANGER)
        pass_time(seconds=1)
    assert "Too many" in sign_in("wren", address=STRANGER)
    assert sign_in("wren", address=OFFICE) == "in"
    pass_time(minutes=1)
    assert sign_in("wren", address=STRANGER) == "in"


def test_a_network_of_one_owner_counts_as_one_address(wren):
    for number in range(5):
        sign_in("wren", "wrong", address=f"2001:db8:1:2::{number + 1:x}")
    assert "Too many" in sign_in("wren", address="2001:db8:1:2:ffff::1")
    assert sign_in("wren", address="2001:db8:1:3::1") == "in"


@pytest.mark.slow
def test_an_account_that_many_guess_at_gives_strangers_one_attempt_and_its_owner_one_too(wren):
    for number in range(40):
        sign_in("wren", "wrong", address=f"198.51.100.{number}")
    assert "not correct" in sign_in("wren", "wrong", address=STRANGER)
    assert "Too many" in sign_in("wren", "wrong", address=STRANGER)
    assert sign_in("wren", address=OFFICE) == "in"


@pytest.mark.slow
def test_a_browser_that_knows_the_person_is_not_held_up_by_its_neighbours(wren):
    """As behind one address of a whole office, or behind a proxy that nobody has set up."""
    known = Client()
    assert sign_in("wren", client=known) == "in"
    known.cookies.pop("sessionid")
    for number in range(60):
        sign_in("wren", "wrong")
        sign_in(f"person{number}", "wrong")
    assert "Too many" in sign_in("wren")
    assert sign_in("wren", client=known) == "in"


def test_a_known_browser_has_its_own_limit_and_is_known_for_its_people_only(wren):
    other = UserFactory(username="teal")
    known = Client()
    sign_in("wren", client=known)
    known.cookies.pop("sessionid")
    for _ in range(5):
        sign_in("wren", "wrong", client=known)
    assert "Too many" in sign_in("wren", client=known)
    for _ in range(5):
        sign_in(other.username, "wrong")
    assert "Too many" in sign_in(other.username, client=known)


def test_a_forged_browser_is_a_stranger(wren):
    for _ in range(5):
        sign_in("wren", "wrong")
    forged = Client()
    forged.cookies["horseshoe_browser"] = f"abc.{wren.pk}:made:up"
    assert "Too many" in sign_in("wren", client=forged)


def test_the_cookie_goes_to_the_sign_in_pages_only(wren):
    client = Client()
    sign_in("wren", client=client)
    cookie = client.cookies["horseshoe_browser"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/auth/", True, "Lax")


def test_confirming_the_password_counts_too(wren):
    client = Client()
    sign_in("wren", client=client)
    for _ in range(5):
        client.post("/auth/reauthenticate/", {"password": "wrong"}, REMOTE_ADDR=OFFICE)
    page = client.post("/auth/reauthenticate/", {"password": PASSWORD}, REMOTE_ADDR=OFFICE)
    assert "Too many wrong passwords" in page.content.decode()


def test_what_no_longer_counts_is_deleted_and_no_address_is_stored(wren):
    sign_in("wren", "wrong", address=STRANGER)
    assert not any(
        STRANGER in counter.key or "wren" in counter.key for counter in SignInCounter.objects.all()
    )
    limits.delete_old_counters(timezone.now())
    assert SignInCounter.objects.count() == 3
    limits.delete_old_counters(timezone.now() + dt.timedelta(hours=2))
    assert SignInCounter.objects.count() == 0


def test_without_the_cache_people_sign_in(wren, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    assert "not correct" in sign_in("wren", "wrong")
    assert sign_in("wren") == "in"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_very_many_wrong_ones_through_the_proxy_lock_nobody_out():
    """Through the whole server: page threads, the trusted proxy, and headers that the clients made up."""
    mark_email_verified(UserFactory(username="wren", email="wren.holm@example.org"))
    proxy = "10.9.0.2"
    application = TrustedProxyMiddleware(PageHandler(2), read_trusted_proxy(proxy))
    transport = httpx.ASGITransport(application, client=(proxy, 40000))

    async def attack(client: httpx.AsyncClient) -> None:
        page = await client.get("/auth/login/")
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[1]

        async def post(name: str, password: str, forwarded: str) -> httpx.Response:
            data = {"login": name, "password": password, "csrfmiddlewaretoken": token}
            return await client.post("/auth/login/", data=data, headers={"X-Forwarded-For": forwarded})

        for number in range(choose_size(150, full=1000)):
            name = ("wren", "wren.holm@example.org", f"made-up-{number}")[number % 3]
            # One client that makes up an address each time, and many that do not.
            forwarded = f"10.1.{number % 250}.7, {STRANGER}" if number % 2 else f"198.51.100.{number % 200}"
            answer = await post(name, "wrong", forwarded)
            assert answer.status_code == 200, answer.text
        refused = await post("wren", PASSWORD, f"10.2.2.2, {STRANGER}")
        assert "Too many wrong passwords" in refused.text
        signed_in = await post("wren", PASSWORD, OFFICE)
        assert signed_in.status_code == 302
        assert signed_in.headers["Location"] == "/"

    async def run() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await attack(client)

    asyncio.run(run())
