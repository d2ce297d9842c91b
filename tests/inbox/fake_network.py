"""A fake network to answer on: published answers are counted, and each send has the next outcome of a list."""

from __future__ import annotations

import datetime as dt
import threading
import time

from networks.base import (
    AmbiguousSend,
    BudgetExhausted,
    Capabilities,
    Gone,
    MissingPermission,
    Reauthorise,
    Refusal,
    Rejected,
    RetryLater,
    SentMessage,
)
from networks.presence import Presence
from tests.factories import NOW

#: Fates after which the network has the answer although the sender got no confirmation.
SILENTLY_PUBLISHED = frozenset({"accepted_cut", "accepted_crash"})


def _refused(refusal: Refusal) -> Rejected:
    error = Rejected("The network refused this: no twins.", code="Forbidden")
    error.refusal, error.said = refusal, "No twins."
    return error


class FakeNetwork:
    """A network whose sends meet `fates`, one after the other, and afterwards "ok".

    `published` is what the public sees: (network id, ref, text, remote id of the brand account). `sends` and `looks` count calls;
    while `blind`, looking finds nothing; `pause` is the seconds that a send takes.
    """

    def __init__(self) -> None:
        self.fates: list[str] = []
        self.published: list[tuple[str, dict, str, str]] = []
        self.sends = 0
        self.looks = 0
        self.look_error: Exception | None = None
        self.blind = False
        self.pause = 0.0
        #: Network ids of customers' messages that were deleted there.
        self.deleted: set[str] = set()
        self._lock = threading.Lock()

    def send(self, credentials, ref, text, key):
        with self._lock:
            self.sends += 1
            fate = self.fates.pop(0) if self.fates else "ok"
        time.sleep(self.pause)
        self._refuse(fate)
        with self._lock:
            remote_id = f"{credentials.remote_id}{len(self.published):06d}"
            self.published.append((remote_id, dict(ref), text, credentials.remote_id))
        if fate == "accepted_cut":
            raise AmbiguousSend("No answer came.", code="no_answer")
        if fate == "accepted_crash":
            raise RuntimeError("the library stumbled")
        if fate == "accepted_duplicate":
            raise _refused(Refusal.DUPLICATE)
        return SentMessage(remote_id, f"https://example.org/{remote_id}")

    def _refuse(self, fate: str) -> None:
        errors = {
            "refused_cut": AmbiguousSend("No answer came.", code="no_answer"),
            "server_error": AmbiguousSend("The network is unwell (503).", code="503"),
            "refused_crash": RuntimeError("the library stumbled"),
            "later": RetryLater("Slow down.", code="429", at=NOW + dt.timedelta(minutes=3)),
            "unreachable": RetryLater("Could not be reached.", code="unreachable"),
            "rejected": Rejected("The network refused this: too rude.", code="187"),
            "duplicate": _refused(Refusal.DUPLICATE),
            "gone": Gone("It no longer exists.", code="144"),
            "reauthorise": Reauthorise("The token was revoked.", code="89"),
            "permission": MissingPermission("A permission is missing.", scope="write"),
            "budget": BudgetExhausted("Spent.", code="caps", until=NOW + dt.timedelta(days=3)),
        }
        if fate in errors:
            raise errors[fate]

    def look(self, ref, text):
        with self._lock:
            self.looks += 1
        if self.look_error is not None:
            raise self.look_error
        if not self.blind:
            for remote_id, published_ref, published_text, _ in self.published:
                if published_ref == dict(ref) and published_text == text:
                    return SentMessage(remote_id, f"https://example.org/{remote_id}")
        return None

    def connector(self, network: str, **more):
        """Return a connector class for the registry."""
        world = self

        class FakeConnector:
            capabilities = Capabilities(
                network=network,
                label=network.title(),
                streams=("mentions", "direct"),
                max_length=280,
                max_dm_length=1000,
                length_unit="char",
                threading="tree",
                dm=True,
                **more,
            )

            def __init__(self, credentials, *, api_url=""):
                self.credentials = credentials

            @staticmethod
            def measure_length(text):
                return len(text)

            def refresh_credentials(self):
                return None

            def reply(self, ref, draft, client_key):
                return world.send(self.credentials, ref, draft.text, client_key)

            send_dm = reply

            def find_gone(self, messages):
                return Presence(frozenset(one.remote_id for one in messages) & world.deleted)

            def find_own_message(self, ref, text, since, visibility):
                return world.look(ref, text)

        return FakeConnector


class Clock:
    """A clock that a test moves."""

    def __init__(self, at: dt.datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at

    def forward(self, **by: float) -> dt.datetime:
        self.at += dt.timedelta(**by)
        return self.at
