"""Hostile items between good ones, from the network's socket to the database: every good one comes in exactly once,
every bad one is kept (stored, repaired and flagged, or quarantined with its raw form), and polling goes on."""

from __future__ import annotations

import json
import random
import re
from collections import Counter

import pytest
from django.utils import timezone

from accounts.credentials.store import store_credential
from accounts.models import Health
from config.testing.quick import choose_size
from inbox.ingest import polling
from inbox.models import Case, Message, Quarantined
from tests.factories import BrandAccountFactory, StreamFactory
from tests.hostile.corpus import NETWORKS, HostileCase, cases
from tests.hostile.wires import WIRES, Item, Wire
from tests.inbox.leased_streams import publish_rules
from tests.networks.server import Asked, Network, Reply

pytestmark = pytest.mark.django_db
GOOD = 10


def sampled(params):
    """Mark all but the first of every place and network as slow: a quick run tries a sample of a corpus.

    The whole suite tries every second one alone, a full run all; all at once are tried below. `params` are
    (case, network); what comes back are pytest parameters.
    """
    tried = set()
    for number, (case, network) in enumerate(params):
        if number % choose_size(2, full=1) and (case.where, network) in tried:
            continue
        marks = [pytest.mark.slow] if (case.where, network) in tried else []
        tried.add((case.where, network))
        yield pytest.param(case, network, id=f"{network}-{case.id}", marks=marks)


ITEMS = list(
    sampled(
        (case, network)
        for case in cases("text", "name", "handle", "avatar", "permalink", "json")
        for network in case.networks
    )
)
SPOILED_ANSWERS = list(sampled((case, network) for case in cases("answer") for network in NETWORKS))


class Polled:
    """A brand account whose network is `network`, and its stream."""

    def __init__(self, name: str, network: Network, settings) -> None:
        self.network = network
        self.wire: Wire = WIRES[name](timezone.now())
        settings.NETWORK_API_URLS = {name: network.url}
        publish_rules()
        self.brand_account = BrandAccountFactory(network=name, remote_id=self.wire.own_id)
        store_credential(self.brand_account, self.wire.secrets, now=timezone.now())
        self.stream = StreamFactory(brand_account=self.brand_account, kind=self.wire.stream)

    def poll(self) -> polling.PollReport:
        leased = polling.lease_due_streams(timezone.now(), stream_id=self.stream.pk, all_streams=True)
        return polling.poll_leased_stream(*leased[0])

    def good_ids(self, numbers) -> list[str]:
        return [self.wire.remote_id(number) for number in numbers]

    def stored(self) -> Counter[str]:
        return Counter(Message.objects.values_list("canonical_id", flat=True))

    def assert_exactly_once(self, numbers) -> None:
        stored = self.stored()
        assert {one: stored[one] for one in self.good_ids(numbers)} == dict.fromkeys(
            self.good_ids(numbers), 1
        )

    def message_of(self, case: HostileCase, number: int, good) -> Message:
        """The one message that is none of the good ones."""
        return (
            Message.objects.select_related("identity", "case")
            .exclude(canonical_id__in=self.good_ids(good))
            .get()
        )


@pytest.fixture
def polled(request, network, settings) -> Polled:
    return Polled(request.param, network, settings)


def raw_text(message: Message) -> str:
    return message.raw.get("text", message.raw.get("message"))


def as_kept(wire: Wire, case: HostileCase) -> str:
    """The hostile text as the database can hold it at best, before it is shortened."""
    return wire.text(re.sub("[\ud800-\udfff\x00]", "\ufffd", case.text))


def check_stored(polled: Polled, case: HostileCase, message: Message) -> None:
    kept = case.text if case.stored_as is None and case.where != "json" else case.stored_as
    held = {
        "text": message.text,
        "name": message.identity.name,
        "handle": message.identity.handle,
        "avatar": message.identity.avatar_url,
        "permalink": message.permalink,
        "json": None,
    }[case.where]
    assert held == kept
    assert message.flags == []


def check_repaired(polled: Polled, case: HostileCase, message: Message) -> None:
    assert case.flag in message.flags
    if case.where == "text":
        assert len(message.text) <= 110_000
        assert "\x00" not in message.text
        if "hex" not in (case.value if isinstance(case.value, dict) else {}):
            assert raw_text(message) == as_kept(polled.wire, case), "what came is no longer whole in raw"
    if case.where == "permalink":
        assert message.permalink == ""
    if case.where == "avatar":
        assert message.identity.avatar_url == ""


def check_quarantined(sent: Item) -> None:
    """Kept byte for byte or, where it was JSON, with the same meaning; a bare string without its quotes."""
    kept = bytes(Quarantined.objects.get().raw)
    if kept == sent.body:
        return
    if sent.body.startswith(b'"'):
        assert kept.decode("utf-8", "surrogatepass") == json.loads(sent.body)
        return
    try:
        assert json.loads(kept) == json.loads(sent.body)
    except RecursionError:
        pytest.fail("an item that nests deeply was not kept as it came")


@pytest.mark.parametrize(("case", "polled"), ITEMS, indirect=["polled"])
def test_a_hostile_item_costs_only_itself(case, polled):
    wire, middle = polled.wire, GOOD // 2
    numbers = [number for number in range(GOOD + 1) if number != middle]
    hostile = wire.hostile(case, middle)
    items = [wire.good(number) if number != middle else hostile for number in range(GOOD + 1)]
    polled.network.default = wire.serve([items])
    report = polled.poll()
    assert report.error == ""
    polled.assert_exactly_once(numbers)
    expected = case.expected(wire.network)
    if expected == "quarantined":
        assert (report.stored, report.quarantined) == (GOOD, 1)
        check_quarantined(hostile)
    else:
        assert (report.stored, report.quarantined) == (GOOD + 1, 0)
        message = polled.message_of(case, middle, numbers)
        assert message.network_time <= timezone.now()
        (check_stored if expected == "stored" else check_repaired)(polled, case, message)


@pytest.mark.slow
@pytest.mark.parametrize("polled", NETWORKS, indirect=True)
def test_the_whole_corpus_at_once_and_again(polled):
    """Every case among good items, over many pages, shuffled; then all of it once more."""
    wire, good_for_each = polled.wire, choose_size(2, full=GOOD)
    bad = [
        case
        for case in cases("text", "name", "handle", "avatar", "permalink", "json")
        if wire.network in case.networks and case.id != "ten-megabytes"
    ]
    sound = range(len(bad), len(bad) * (good_for_each + 1))
    items = [wire.hostile(case, number) for number, case in enumerate(bad)] + [
        wire.good(number) for number in sound
    ]
    random.Random(11).shuffle(items)
    polled.network.default = wire.serve([items[at : at + 100] for at in range(0, len(items), 100)])
    report = polled.poll()
    while report.has_more:
        report = polled.poll()
        assert report.error == ""
    polled.assert_exactly_once(sound)
    expected = Counter(case.expected(wire.network) for case in bad)
    kept = (Message.objects.count() - len(sound), Quarantined.objects.count())
    assert kept == (expected["stored"] + expected["repaired"], expected["quarantined"])
    type(polled.stream).objects.update(cursor={})
    report = polled.poll()
    while report.has_more:
        report = polled.poll()
    assert report.error == ""
    assert (Message.objects.count() - len(sound), Quarantined.objects.count()) == kept
    assert set(Quarantined.objects.values_list("seen_count", flat=True)) == {2}
    assert not Case.objects.filter(department=None).exists()


class Answers:
    """What a network sends instead of a page, by the name of the case. Each gives the answers that come first, or a
    network of its own."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.pages = [[wire.good(n) for n in range(at, at + 10)] for at in (0, 10, 20)]

    def first(self, name: str) -> list[Reply]:
        whole = self.wire.page(self.pages[0], "t1")
        bomb = b'{"data": [' + b" " * 64_000_000 + b"]}"
        made: dict[str, Reply] = {
            "truncated": Reply(200, whole[: len(whole) // 2]),
            "gzip-bomb": Reply(200, bomb, gzipped=True),
            "html": Reply(502, b"<html><h1>Bad gateway</h1>", {"Content-Type": "text/html"}),
            "html-with-status-200": Reply(200, b"<html>maintenance</html>", {"Content-Type": "text/html"}),
            "error-body-200": Reply(
                200, {"error": {"message": "try again", "code": 2, "is_transient": True}}
            ),
            "wrong-content-type": Reply(200, whole, {"Content-Type": "image/png"}),
            "empty-body": Reply(200, b""),
            "json-null": Reply(200, b"null"),
            "json-list": Reply(200, b"[[],{}]"),
            "deep-answer": Reply(200, b"[" * 500_000),
            "not-utf-8": Reply(200, b"\xff\xfe\x00{" + whole),
            "bom-before-json": Reply(200, b"\xef\xbb\xbf" + whole),
            "hung-up": Reply(200, fault="cut"),
        }
        sound = name in ("wrong-content-type", "bom-before-json")
        return [made[name]] * (1 if sound else 2) if name in made else []

    def network(self, name: str):
        """The network after those answers."""
        first, second, third = self.pages
        everything = [*first, *second, *third]
        random.Random(3).shuffle(everything)
        pages = {
            "page-twice": [first, first, second, second, third],
            "shuffled": [everything[:17], everything[17:]],
            "empty-page-with-next": [[], first, [], [], second, third],
        }.get(name, self.pages)
        sane, wire, tricks = self.wire.serve(pages), self.wire, []

        def answer(asked: Asked) -> Reply:
            token = wire.token(asked) if wire.is_page(asked) else ""
            if name == "looping-token" and token == "t1" and len(tricks) < 2:
                tricks.append(asked)
                return Reply(200, wire.page(second, "t1"))
            if name == "expired-token" and token and len(tricks) < 1:
                tricks.append(asked)
                return wire.expired()
            return sane(asked)

        return answer


@pytest.mark.parametrize(("case", "polled"), SPOILED_ANSWERS, indirect=["polled"])
def test_a_spoiled_answer_loses_nothing(case, polled):
    answers = Answers(polled.wire)
    polled.network.replies.extend(answers.first(case.value))
    polled.network.default = answers.network(case.value)
    for _ in range(6):
        polled.poll()
    polled.assert_exactly_once(range(30))
    assert sum(polled.stored().values()) == 30
    polled.stream.refresh_from_db()
    polled.brand_account.refresh_from_db()
    assert (polled.stream.last_error, polled.stream.lease_token) == ("", None)
    assert polled.brand_account.health == Health.OK
    assert not Quarantined.objects.exists()


@pytest.mark.parametrize("polled", NETWORKS, indirect=True)
def test_a_broken_item_with_broken_bytes_is_kept_byte_for_byte(polled):
    wire = polled.wire
    broken = Item(wire.compose(wire.fields(1) | {"text": b'"caf\xe9 \xed\xa0\x80"', "extra": b"NaN"}).body)
    polled.network.default = wire.serve([[wire.good(0), broken, wire.good(2)]])
    assert polled.poll().error == ""
    polled.assert_exactly_once([0, 2])
    assert bytes(Quarantined.objects.get().raw) == broken.body


@pytest.mark.parametrize("polled", ["x"], indirect=True)
def test_a_hostile_edit_keeps_the_earlier_text(polled):
    wire = polled.wire
    before = wire.fields(3)
    later = wire.fields(1) | {"text": b'"now with \\ud83d and \\u0000"'}
    polled.network.default = wire.serve([[wire.compose(before)]])
    polled.poll()
    edited = wire.compose(later)
    history = b'"edit_history_tweet_ids": [' + before["id"] + b", " + later["id"] + b"]"
    body = edited.body.replace(b'"edit_history_tweet_ids": [' + later["id"] + b"]", history)
    polled.network.default = wire.serve([[Item(body, edited.user, 1), wire.good(2)]])
    assert polled.poll().error == ""
    message = Message.objects.get(canonical_id=wire.remote_id(3))
    assert (message.text, message.flags) == ("now with \ufffd and \ufffd", ["nul", "surrogate"])
    assert message.history[0]["text"] == json.loads(before["text"]).replace("&amp;", "&")


def test_the_corpus_names_every_place():
    places = Counter(case.where for case in cases())
    assert set(places) == {"text", "name", "handle", "avatar", "permalink", "json", "answer"}
    assert len(ITEMS) > choose_size(125, full=250)
