"""Limits on wrong passwords, so that guessing is slow and nobody locks out anybody else.

Each attempt is counted before its password is looked at, and taken back if it was right:

* by client and account. A client is a browser in which this person has signed in before, else an address. After
  `CLIENT.free` failures it waits, longer each time.
* by address, over all accounts: against one password tried on many. Known browsers are exempt.
* by account, over all addresses. This closes nothing, or anybody could lock anybody out; but an account that many
  guess at gives an unknown address one attempt before it waits, instead of five.

An account is one whether its user name or its e-mail address is typed, in capitals or not. A name that nobody has
counts like one that somebody has, so that the answers do not tell them apart.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.http import HttpRequest

from accounts.models import SignInCounter, User
from accounts.sign_in.browsers import find_browser

#: A counter without a failure for this long begins anew.
FORGOTTEN_AFTER = dt.timedelta(hours=1)
#: With so many failures, an account counts as guessed at.
GUESSED_AT_AFTER = 30


@dataclass(frozen=True, slots=True)
class Limit:
    """Attempts that are free, and the waits after the next ones: doubled each time, up to the longest."""

    free: int
    first_wait: dt.timedelta
    longest_wait: dt.timedelta

    def wait_after(self, failures: int) -> dt.timedelta:
        """Return the wait after so many failures in a row."""
        doublings = failures - self.free
        return (
            min(self.first_wait * 2 ** min(doublings, 20), self.longest_wait)
            if doublings >= 0
            else dt.timedelta()
        )


CLIENT = Limit(5, dt.timedelta(seconds=30), dt.timedelta(minutes=15))
CLIENT_OF_GUESSED_ACCOUNT = Limit(1, dt.timedelta(seconds=30), dt.timedelta(minutes=15))
ADDRESS = Limit(20, dt.timedelta(seconds=5), dt.timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Attempt:
    """The keys of the counters of one attempt; `address` is "" for a browser that the person has used before."""

    client: str
    address: str
    account: str

    @property
    def keys(self) -> list[str]:
        """The keys in one order for everybody, so that two attempts cannot wait for each other's rows."""
        return sorted(filter(None, [self.client, self.address, self.account]))


class TooManyAttempts(Exception):
    """The password was not looked at. `wait` is the time until the next attempt is."""

    def __init__(self, wait: dt.timedelta) -> None:
        super().__init__()
        self.wait = wait


def identify_attempt(request: HttpRequest, name: str, ip_address: str) -> Attempt:
    """Return the counters of an attempt to sign in.

    `name` is a user name or an e-mail address. One statement.
    """
    name = name.strip()
    same_name = Q(username__iexact=name) | Q(email__iexact=name)
    user_id = User.objects.filter(same_name).order_by("pk").values_list("pk", flat=True).first()
    return _build_attempt(request, user_id, f"name {name.casefold()}", ip_address)


def identify_user(request: HttpRequest, user: User, ip_address: str) -> Attempt:
    """Return the counters of a person's sign-in from this client."""
    return _build_attempt(request, user.pk, "", ip_address)


def _build_attempt(request: HttpRequest, user_id: int | None, name: str, ip_address: str) -> Attempt:
    account = f"user {user_id}" if user_id else name
    if user_id and (browser := find_browser(request, user_id)):
        return Attempt(_hash(f"{account} in browser {browser}"), "", _hash(account))
    address = f"address {_own_network(ip_address)}"
    return Attempt(_hash(f"{account} from {address}"), _hash(address), _hash(account))


def _own_network(ip_address: str) -> str:
    """Return an address without the half that its owner chooses.

    Only IPv6 addresses have such a half.
    """
    try:
        address = ipaddress.ip_address(ip_address)
    except ValueError:
        return ip_address
    return ip_address if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def count_attempt(attempt: Attempt, now: dt.datetime) -> None:
    """Count an attempt whose password is looked at next.

    Raises `TooManyAttempts` while its client or its address has to wait; then nothing is counted, so that repeating it
    makes the wait no longer.
    """
    SignInCounter.objects.bulk_create(
        [SignInCounter(key=key, last_at=now, closed_until=now) for key in attempt.keys], ignore_conflicts=True
    )
    locked = SignInCounter.objects.select_for_update().filter(key__in=attempt.keys).order_by("key")
    counters = {counter.key: counter for counter in locked}
    closed_until = max(counter.closed_until for counter in counters.values())
    if closed_until > now:
        raise TooManyAttempts(closed_until - now)
    for counter in counters.values():
        counter.failures = counter.failures + 1 if now - counter.last_at < FORGOTTEN_AFTER else 1
        counter.last_at = now
    is_guessed_at = bool(attempt.address) and counters[attempt.account].failures > GUESSED_AT_AFTER
    limit = CLIENT_OF_GUESSED_ACCOUNT if is_guessed_at else CLIENT
    client = counters[attempt.client]
    client.closed_until = now + limit.wait_after(client.failures)
    if attempt.address:
        counters[attempt.address].closed_until = now + ADDRESS.wait_after(counters[attempt.address].failures)
    SignInCounter.objects.bulk_update(counters.values(), ["failures", "last_at", "closed_until"])


def forget_attempt(attempt: Attempt, now: dt.datetime) -> None:
    """Take back an attempt whose password was right; the client starts anew."""
    SignInCounter.objects.filter(key=attempt.client).delete()
    SignInCounter.objects.filter(key__in=[attempt.address, attempt.account]).update(
        failures=Greatest(F("failures") - 1, 0), closed_until=now
    )


def delete_old_counters(now: dt.datetime) -> None:
    """Delete the counters that would begin anew."""
    SignInCounter.objects.filter(last_at__lt=now - FORGOTTEN_AFTER, closed_until__lt=now).delete()
