"""A day of the networks in minutes: what stands where, what goes wrong meanwhile, and what the ledger says of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import redis
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import BrandAccount, Department, Stream
from config.embedded.postgres import Postgres
from inbox.ingest.echoes import normalise_for_matching
from inbox.models import Message, Reply, ReplyState
from tests.factories import ReplyFactory, UserFactory
from tests.faults.fleet import BACKLOG, CUSTOMERS, FAULTS, Fleet, Truth, wait_until
from tests.faults.nursery import ForkedWorker, Nursery

PAGE = ("facebook", "kettleandfern")
QUEUES = ("poll", "poll", "ticks,default", "send")
#: Of every request about a quarter goes wrong when reading, a fifth when writing. No list is hidden and empty at once:
#: then nobody could tell what stands there from what was deleted.
SOAK_FAULTS = [
    *FAULTS,
    {"fault": "not_shown", "kind": "read", "network": "facebook", "path": "/comments", "probability": 0.03},
    {"fault": "accepted_silent", "kind": "write", "probability": 0.05},
    {"fault": "accepted_server_error", "kind": "write", "probability": 0.05},
    {"fault": "refused_silent", "kind": "write", "probability": 0.05},
    {"fault": "server_error", "kind": "write", "probability": 0.05},
]


@dataclass(frozen=True)
class Sizes:
    """How much of everything; `late` is how many seconds later than others a message may be shown."""

    posts: int
    messages: int
    answers: int
    kills: int
    restarts: int
    flushes: int
    late: float


class Places(NamedTuple):
    """Where comments can stand on the Page. Those under `hidden` are not shown to us for half of the time."""

    posts: list[str]
    photos: list[str]
    advertisements: list[str]
    visitors: list[str]
    hidden: str


class Soak:
    """Everything that happens, and the counts of it."""

    def __init__(
        self, running: Fleet, nursery: Nursery, postgres: Postgres | None, sizes: Sizes, seed: int
    ) -> None:
        self.running, self.nursery, self.postgres, self.sizes = running, nursery, postgres, sizes
        self.dice = random.Random(seed)
        self.accounts = running.connect()
        self.places = self._publish()
        self.hidden = running.ask("POST", "faults", [{"seed": seed}, _hide(self.places.hidden)])["faults"]
        running.ask("POST", "settings", {"advertisements": False, "x_duplicates": False})
        running.ask("POST", "faults", SOAK_FAULTS)
        brands = list(BrandAccount.objects.all())
        self.author = UserFactory(departments=list(Department.objects.all()), publishes=brands)
        self.posted: Counter[tuple[str, str]] = Counter()
        self.happened: Counter[str] = Counter()
        self.deleted: list[str] = []
        self.workers: list[ForkedWorker] = [self._bear(queues) for queues in QUEUES]
        running.beat()

    # -- the networks ----------------------------------------------------------------------------------------------

    def _publish(self) -> Places:
        """The Page's own posts of the last twenty days, every tenth an album; advertisements, a visitor's posts."""
        now, step = time.time(), 20 * 86400 / self.sizes.posts
        own = [
            _own("brand_post", f"our post {number}", created_at=now - step * (self.sizes.posts - number))
            for number in range(self.sizes.posts)
        ]
        posts = self._say(own)
        albums = posts[::10]
        photos = self._say(
            [
                _own("photo", "a photo", in_reply_to=album, created_at=now - 60)
                for album in albums
                for _ in "123"
            ]
        )
        ads = self._say([_own("ad", f"buy {number}", created_at=now - 3600) for number in range(3)])
        visitors = self._say(
            [_theirs("visitor_post", f"a visitor's post {n}", f"visitor{n}") for n in range(5)]
        )
        self._say([_theirs("comment", f"early {n}", f"early{n}", in_reply_to=posts[-1]) for n in range(40)])
        return Places(posts[:-1], photos, ads, visitors, posts[-1])

    def _say(self, entries: list[dict]) -> list[str]:
        return [one["id"] for one in self.running.ask("POST", "messages", entries)["messages"]]

    def post(self, many: int, stored: Counter[tuple[str, str]]) -> None:
        """The next messages, to the account whose queue is shortest; some are shown later than others."""
        account = min(self.accounts, key=lambda one: self.posted[_key(one)] - stored[_key(one)])
        if self.posted[_key(account)] - stored[_key(account)] > BACKLOG or self.total >= self.sizes.messages:
            return
        make = self._page_message if _key(account)[0] == "facebook" else self._x_message
        entries = [make(account, self.total + number) for number in range(many)]
        for entry in entries:
            if self.dice.random() < 0.2:
                entry["shown_at"] = time.time() + self.dice.uniform(1, self.sizes.late)
                self.happened["shown late"] += 1
        self._say(entries)
        self.posted[_key(account)] += many

    @property
    def total(self) -> int:
        return self.posted.total()

    def _x_message(self, account: dict, number: int) -> dict:
        kind = self.dice.choice(("public", "public", "direct"))
        return _theirs(kind, f"number {number}", self._author(number)) | {
            "network": "x",
            "account": account["handle"],
        }

    def _page_message(self, account: dict, number: int) -> dict:
        kind = self.dice.choice(("posts", "posts", "photos", "advertisements", "visitors", "post", "direct"))
        text, author = f"number {number}", self._author(number)
        if kind == "direct":
            return _theirs("direct", text, author)
        if kind == "post":
            return _theirs("visitor_post", text, author)
        return _theirs("comment", text, author, in_reply_to=self.dice.choice(getattr(self.places, kind)))

    def _author(self, number: int) -> str:
        """Whoever deletes what they wrote writes nothing else: it waits in a case of its own."""
        return f"regret{number}" if _is_regretted(number) else f"customer{self.dice.randrange(CUSTOMERS)}"

    def answer_some(self, many: int) -> None:
        """Some of what came in is answered here, some in the network's own app, some is deleted by its author."""
        fresh = Message.objects.filter(
            direction="in", text__startswith="number ", deleted_at=None, replies=None
        )
        fresh = fresh.exclude(canonical_id__in=self.deleted).exclude(case__messages__direction="out")
        some = list(fresh.select_related("case", "brand_account").order_by("?")[: 12 * many])
        regretted = [message for message in some if _is_regretted(int(message.text.split()[1]))]
        others = [message for message in some if message not in regretted]
        answered, natively, deleted = others[:many], others[many : 2 * many], regretted[:many]
        now = timezone.now()
        for message in answered:
            text = f"Answer to {message.text}."
            ReplyFactory(parent=message, author=self.author, text=text, created_at=now, send_after=now)
        for message in natively:
            native = _own(
                _kind_of(message), f"From the phone to {message.text}.", in_reply_to=_first_id(message)
            )
            brand = message.brand_account
            self._say([native | {"network": brand.network, "account": brand.remote_id}])
        for message in deleted:
            self.running.ask("DELETE", f"messages/{_first_id(message)}")
            self.deleted.append(message.canonical_id)
        self.happened += Counter(answered=len(answered), natively=len(natively), deleted=len(deleted))

    # -- the disasters ---------------------------------------------------------------------------------------------

    def _bear(self, queues: str) -> ForkedWorker:
        worker = self.nursery.bear(queues)
        self.running.processes.append(worker)
        return worker

    def kill(self) -> None:
        """One worker, every third time in the act of storing."""
        if self.happened["kill -9"] % 3:
            number = self.dice.randrange(len(self.workers))
            self.running.kill(self.workers[number])
        else:
            polling = self.workers[:2]
            number = self.running.kill_in_the_act(polling, 4)
        self.workers[number] = self._bear(QUEUES[number])
        self.happened["kill -9"] += 1

    def restart_postgres(self) -> None:
        """At once, as when its machine fails: every transaction under way is cut."""
        connection.close()
        self.postgres.process.send_signal(3)
        self.postgres.process.wait()
        self.postgres.start()
        self.happened["Postgres restarted"] += 1

    def flush_broker(self) -> None:
        client = redis.Redis.from_url(self.running.valkey.url)
        client.flushall()
        client.close()
        self.happened["FLUSHALL"] += 1

    # -- the end ---------------------------------------------------------------------------------------------------

    def show_everything(self) -> None:
        """Facebook shows what it hid, and lists the advertisements."""
        self.running.ask("DELETE", f"faults/{self.hidden[-1]['id']}")
        self.running.ask("POST", "settings", {"advertisements": True})

    def calm_down(self) -> None:
        self.running.ask("DELETE", "faults")

    def unread(self) -> set[str]:
        streams = Stream.objects.filter(brand_account__network="facebook", kind="comments")
        return {part["what"] for [parts] in streams.values_list("unread") for part in parts}

    def says_what_is_hidden(self) -> bool:
        return {"Comments under advertisements", "Comments under one post or photo"} <= self.unread()

    def is_over(self) -> bool:
        """Whether everything came in, every answer was decided and every deletion was noticed."""
        truth = Truth(self.running)
        undecided = Reply.objects.exclude(state__in=[ReplyState.SENT, ReplyState.FAILED])
        if truth.lost or undecided.exclude(needs_person=True).exists() or self.unread():
            return False
        return not (unnoticed_deletions(self) or own_messages(self)[0])


def patiently(question, seconds: float = 60):
    """The answer of a question to the database, which may be starting again."""
    until = time.monotonic() + seconds
    while True:
        try:
            return question()
        except OperationalError:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def wait_for(soak: Soak, condition, seconds: float) -> bool:
    return wait_until(lambda: patiently(condition), seconds, every=1.0)


def unnoticed_deletions(soak: Soak) -> list[str]:
    deleted = Message.objects.filter(
        canonical_id__in=soak.deleted, deleted_at=None, case__waiting_since__isnull=False
    )
    return list(deleted.values_list("text", flat=True))


def wrongly_deleted(soak: Soak) -> list[str]:
    deleted = Message.objects.exclude(deleted_at=None).exclude(canonical_id__in=soak.deleted)
    return list(deleted.values_list("text", flat=True))


def own_messages(soak: Soak) -> tuple[list[str], list[str], int]:
    """Answers on the networks that the database lacks, those that it has but the networks do not, and their number."""
    ledger = soak.running.ask("GET", "ledger.json")["messages"]
    there = Counter(
        one["text"] for one in ledger if one["by_brand"] and one["text"].startswith(("Answer", "From"))
    )
    # X puts the handle of whom it answers in front of what an application sends.
    texts = Message.objects.filter(direction="out").values_list("text", flat=True)
    here = Counter(map(normalise_for_matching, texts))
    return sorted((there - here).elements()), sorted((here - there).elements()), there.total()


def doubled_answers(soak: Soak) -> list[str]:
    ledger = soak.running.ask("GET", "ledger.json")["messages"]
    texts = Counter(one["text"] for one in ledger if one["by_brand"] and one["origin"] == "api")
    return [text for text, many in texts.items() if many > 1]


def _key(account: dict) -> tuple[str, str]:
    return account["network"], account["remote_id"]


def _hide(post: str) -> dict:
    return {"fault": "not_shown", "kind": "read", "network": "facebook", "path": f"/{post}/comments"}


def _is_regretted(number: int) -> bool:
    return number % 8 == 0


def _own(kind: str, text: str, **more) -> dict:
    return {"network": PAGE[0], "account": PAGE[1], "kind": kind, "text": text, "by_brand": True, **more}


def _theirs(kind: str, text: str, author: str, **more) -> dict:
    return {"network": PAGE[0], "account": PAGE[1], "kind": kind, "text": text, "author": author, **more}


def _kind_of(message: Message) -> str:
    if message.visibility == "direct":
        return "direct"
    return "public" if message.brand_account.network == "x" else "comment"


def _first_id(message: Message) -> str:
    return message.canonical_id.removeprefix("dm-")
