"""What every connector must do, whatever its network. A subclass says how that network puts it on the wire."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
import traceback
from typing import Any, ClassVar

import pytest

from networks import transport
from networks.base import (
    AmbiguousSend,
    Connector,
    Gone,
    InboundMessage,
    MissingPermission,
    NetworkError,
    OutgoingMessage,
    PollResult,
    Reauthorise,
    Rejected,
    RetryLater,
    StreamKind,
)
from tests.networks.server import Network, Reply, refused_url

NOW = dt.datetime(2026, 11, 23, 20, 0, tzinfo=dt.UTC)
CANARY = "CANARYtoken0123456789"

#: What may stand in a page instead of a sound item, as JSON text; `@` is where the item's own id goes.
HOSTILE_ITEMS = {
    "100,000 levels": '{"id": "@", "deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "600 levels of objects": '{"id": "@", "deep": ' + '{"a":' * 600 + "1" + "}" * 600 + "}",
    "NaN": '{"id": "@", "score": NaN}',
    "Infinity": '{"id": "@", "score": -Infinity}',
    "beyond a double": '{"id": "@", "score": 1e200000}',
    "5,000 digits": '{"id": "@", "score": ' + "9" * 5000 + "}",
    "null item": "null",
    "a number": "17",
    "a string": '"text"',
    "a list": '[["nested"]]',
    "empty object": "{}",
    "id null": '{"id": null}',
    "id a float": '{"id": 1.5}',
    "id a list": '{"id": ["@"]}',
    "id beyond 64 bits": '{"id": 99999999999999999999999999}',
}
#: A change to a sound item that makes it unreadable.
HOSTILE_FIELDS: dict[str, dict[str, Any]] = {
    "text null": {"TEXT": None},
    "text a number": {"TEXT": 5},
    "text an object": {"TEXT": {"a": "b"}},
    "year 0": {"TIME": "0000-01-01T00:00:00.000Z"},
    "year 300000": {"TIME": "300000-01-01T00:00:00.000Z"},
    "no offset": {"TIME": "2026-11-23T10:00:00"},
    "time a list": {"TIME": []},
}


class ConnectorContract:
    """`stream` is the stream the shared tests use; `TEXT` and `TIME` the names of its items' fields."""

    stream: ClassVar[StreamKind]
    fields: ClassVar[dict[str, str]]
    refusals: ClassVar[dict[type[NetworkError], list[Reply]]]
    ref: ClassVar[dict[str, Any]]
    dm_ref: ClassVar[dict[str, Any]]

    def connector(self, url: str) -> Connector:
        raise NotImplementedError

    def item(self, number: int) -> dict[str, Any]:
        """A sound item of `stream`; greater numbers are newer."""
        raise NotImplementedError

    def page(self, items: str, token: str = "") -> bytes:
        """An answer with these items (JSON texts joined by commas), and more to come after `token`."""
        raise NotImplementedError

    def confirmed(self, remote_id: str) -> Reply:
        raise NotImplementedError

    def texts(self, *numbers: int) -> str:
        return ",".join(json.dumps(self.item(number)) for number in numbers)

    # Polling

    def test_it_reads_a_page(self, network: Network) -> None:
        network.then(200, self.page(self.texts(3, 2, 1)))
        result = self.connector(network.url).poll(self.stream, {})
        assert [message.text for message in result.messages] == ["text 3", "text 2", "text 1"]
        assert not result.unreadable
        for message in result.messages:
            assert isinstance(message.remote_id, str)
            assert message.stream == self.stream
            assert message.created_at.tzinfo is dt.UTC
            assert message.author.remote_id
            assert not message.author.is_self
            assert message.can_reply
            json.dumps(dict(message.reply_ref))

    def test_cursors_are_json(self, network: Network) -> None:
        network.then(200, self.page(self.texts(3, 2), "abc")).then(200, self.page(self.texts(1)))
        connector = self.connector(network.url)
        first = connector.poll(self.stream, {})
        assert first.has_more
        kept = json.loads(json.dumps(first.next_cursor))
        second = self.connector(network.url).poll(self.stream, kept)
        assert json.loads(json.dumps(second.next_cursor)) == second.next_cursor
        assert CANARY not in json.dumps([first.next_cursor, second.next_cursor])

    @pytest.mark.parametrize("name", HOSTILE_ITEMS)
    def test_a_malformed_item_costs_only_itself(self, network: Network, name: str) -> None:
        hostile = HOSTILE_ITEMS[name].replace("@", self.item(99)["id"])
        network.then(200, self.page(self.texts(9, 8, 7, 6, 5) + "," + hostile + "," + self.texts(4, 3, 2, 1)))
        result = self.connector(network.url).poll(self.stream, {})
        assert [message.text for message in result.messages] == [f"text {n}" for n in range(9, 0, -1)]
        assert len(result.unreadable) == 1
        kept = result.unreadable[0]
        assert kept.error
        assert json.dumps(kept.raw)
        assert (
            isinstance(kept.raw, str) is not isinstance(kept.raw, dict | list | int | None)
            or kept.raw == "text"
        )

    def test_what_is_nested_too_deeply_to_store_is_kept_as_text(self, network: Network) -> None:
        """orjson reads 1,024 levels; writing them again fails at 255."""
        deep = json.dumps(self.item(5))[:-1] + ', "deep": ' + "[" * 600 + "]" * 600 + "}"
        network.then(200, self.page(self.texts(6) + "," + deep + "," + self.texts(4)))
        result = self.connector(network.url).poll(self.stream, {})
        assert [message.text for message in result.messages] == ["text 6", "text 4"]
        assert [one.raw for one in result.unreadable] == [deep]

    @pytest.mark.parametrize("name", HOSTILE_FIELDS)
    def test_a_malformed_field_costs_only_its_item(self, network: Network, name: str) -> None:
        hostile = self.item(5) | {self.fields[key]: value for key, value in HOSTILE_FIELDS[name].items()}
        network.then(200, self.page(",".join([self.texts(9, 8), json.dumps(hostile), self.texts(2, 1)])))
        result = self.connector(network.url).poll(self.stream, {})
        assert [message.text for message in result.messages] == ["text 9", "text 8", "text 2", "text 1"]
        assert [one.raw for one in result.unreadable] == [hostile]
        assert result.unreadable[0].remote_id == hostile["id"]

    def test_ids_may_be_numbers(self, network: Network) -> None:
        item = self.item(1) | {"id": "1990000000000000001"}
        network.then(200, self.page(json.dumps(item | {"id": int(item["id"])})))
        result = self.connector(network.url).poll(self.stream, {})
        assert [message.remote_id for message in result.messages] == [item["id"]]

    @pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b", "\\u202e\\u2066", "", "\\ud83d\\ude00"])
    def test_odd_text_comes_in_as_it_is(self, network: Network, text: str) -> None:
        item = json.dumps(self.item(5)).replace("text 5", text)
        network.then(200, self.page(self.texts(6) + "," + item + "," + self.texts(4)))
        result = self.connector(network.url).poll(self.stream, {})
        assert [message.text for message in result.messages] == ["text 6", json.loads(f'"{text}"'), "text 4"]

    def test_invalid_utf8_costs_no_message(self, network: Network) -> None:
        """Each bad byte stays recognisable as a lone surrogate, which is repaired and flagged when it is stored."""
        body = self.page(self.texts(2, 1)).replace(b"text 2", b"caf\xe9 \xc0\xaf")
        network.then(200, body)
        result = self.connector(network.url).poll(self.stream, {})
        assert [message.text for message in result.messages] == ["caf\udce9 \udcc0\udcaf", "text 1"]

    def test_a_future_message_does_not_hide_what_comes_before(self, network: Network) -> None:
        future = self.item(5) | {self.fields["TIME"]: "2079-01-01T00:00:00.000Z"}
        if "FUTURE_ID" in self.fields:
            future["id"] = self.fields["FUTURE_ID"]
        network.then(200, self.page(json.dumps(future) + "," + self.texts(4)))
        connector = self.connector(network.url)
        messages, cursor = self.round(connector, {})
        assert len(messages) == 2
        network.then(200, self.page(self.texts(6)))
        messages, _ = self.round(connector, cursor)
        assert [message.text for message in messages] == ["text 6"]
        asked = [
            request.query.get("since_id", "") + request.query.get("fields", "") for request in network.asked
        ]
        assert not any(self.fields.get("FUTURE_ID", "3439") in one for one in asked)

    def round(self, connector: Connector, cursor: Any) -> tuple[list[InboundMessage], Any]:
        """Everything until there is no more, and the cursor after it."""
        messages: list[InboundMessage] = []
        for _ in range(60):
            result = connector.poll(self.stream, cursor)
            messages += result.messages
            cursor = result.next_cursor
            if not result.has_more:
                return messages, cursor
        raise AssertionError("the round does not end")

    def test_an_empty_page_with_a_next_token_goes_on(self, network: Network) -> None:
        network.then(200, self.page("", "abc")).then(200, self.page(self.texts(1)))
        assert [m.text for m in self.round(self.connector(network.url), {})[0]] == ["text 1"]

    def test_a_looping_token_ends_and_is_told(self, network: Network) -> None:
        network.default = Reply(200, self.page(self.texts(2, 1), "again"))
        connector = self.connector(network.url)
        cursor: Any = {}
        results: list[PollResult] = []
        while not results or (results[-1].has_more and len(results) < 50):
            results.append(connector.poll(self.stream, cursor))
            cursor = results[-1].next_cursor
        assert len(results) < 15
        assert results[-1].overflowed
        assert not any(result.overflowed for result in results[:-1])

    # Failures, over real HTTP

    unwell: ClassVar[list[Reply]] = [
        Reply(500, {}),
        Reply(503, b"<html>down</html>", {"Content-Type": "text/html"}),
        Reply(502, b""),
        Reply(500, b"null"),
        Reply(200, b"<html>hello</html>", {"Content-Type": "text/html"}),
        Reply(200, b"", {"Content-Type": ""}),
        Reply(200, b"[]"),
        Reply(200, b'"a string"'),
        Reply(200, b"[" * 100_000 + b"]" * 100_000),
        Reply(200, b'{"data": [{"id": "1"'),
        Reply(200, b'{"errors": 5}'),
        Reply(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
        Reply(200, fault="close"),
        Reply(200, {"data": [{"id": "1", "text": "x" * 5000}]}, fault="cut"),
        Reply(200, fault="hang"),
        Reply(200, {"data": [], "filler": "x" * 200}, fault="drip"),
        Reply(
            200,
            b'{"data": [], "meta": {"result_count": 0}, "filler": "' + b" " * transport.MAX_BYTES + b'"}',
            gzipped=True,
        ),
        Reply(200, b"not gzip at all", {"Content-Encoding": "gzip"}),
    ]

    def fall_sick(self, network: Network, reply: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer everything with `reply`, and lower the limits: long ones only for an answer that must be read whole."""
        network.default = reply
        if reply.fault in ("hang", "drip"):
            monkeypatch.setattr(transport, "TIMEOUT", (0.5, 0.4))
            monkeypatch.setattr(transport, "DEADLINE_SECONDS", 0.6)
            monkeypatch.setattr(transport, "_CHUNK", 1)

    @pytest.mark.parametrize("which", range(len(unwell)))
    def test_a_read_from_a_sick_network_is_tried_later(
        self, network: Network, which: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.fall_sick(network, self.unwell[which], monkeypatch)
        connector = self.connector(network.url)
        with pytest.raises(RetryLater):
            connector.poll(self.stream, {})
        with pytest.raises(RetryLater):
            connector.fetch(["1"])

    @pytest.mark.parametrize("fault", ["hang", "drip"])
    def test_a_wait_ends_with_our_patience(
        self, network: Network, fault: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        network.default = Reply(200, {"data": [], "filler": "x" * 200}, fault=fault)
        monkeypatch.setattr(transport, "_CHUNK", 1)
        began = time.monotonic()
        with transport.limit_patience(0.4), pytest.raises(RetryLater):
            self.connector(network.url).poll(self.stream, {})
        assert time.monotonic() - began < transport.TIMEOUT[1] / 2

    @pytest.mark.parametrize("which", range(len(unwell)))
    def test_a_write_to_a_sick_network_is_ambiguous(
        self, network: Network, which: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.fall_sick(network, self.unwell[which], monkeypatch)
        with pytest.raises(AmbiguousSend):
            self.connector(network.url).reply(self.ref, OutgoingMessage("hello"), "key")
        with pytest.raises(AmbiguousSend):
            self.connector(network.url).send_dm(self.dm_ref, OutgoingMessage("hello"), "key")
        assert len(network.asked) == 2

    def test_a_refused_connection_is_certainly_not_sent(self) -> None:
        connector = self.connector(refused_url())
        for call in (
            lambda: connector.poll(self.stream, {}),
            lambda: connector.reply(self.ref, OutgoingMessage("hello"), "key"),
            lambda: connector.send_dm(self.dm_ref, OutgoingMessage("hello"), "key"),
        ):
            with pytest.raises(RetryLater) as caught:
                call()
            assert caught.value.code == "unreachable"

    def test_an_unknown_host_is_certainly_not_sent(self) -> None:
        with pytest.raises(RetryLater):
            self.connector("http://nowhere.invalid").reply(self.ref, OutgoingMessage("hello"), "key")

    def test_every_refusal_has_its_error(self, network: Network) -> None:
        for error, replies in self.refusals.items():
            for reply in replies:
                network.default = reply
                connector = self.connector(network.url)
                for call in (
                    lambda c=connector: c.poll(self.stream, {}),
                    lambda c=connector: c.reply(self.ref, OutgoingMessage("hello"), "key"),
                ):
                    with pytest.raises(NetworkError) as caught:
                        call()
                    assert type(caught.value) is error, (reply, caught.value)
                    assert caught.value.code

    def test_all_refusals_are_tried(self) -> None:
        assert {RetryLater, Reauthorise, MissingPermission, Rejected, Gone} <= set(self.refusals)

    def test_retry_after_is_obeyed(self, network: Network) -> None:
        connector = self.connector(network.url)
        for header, seconds in (("90", 90), ("Mon, 23 Nov 2026 20:02:00 GMT", 120), ("999999999", 86400)):
            for status in (429, 503):
                network.then(status, {}, {"Retry-After": header})
                with pytest.raises(RetryLater) as caught:
                    connector.poll(self.stream, {})
                assert caught.value.at == NOW + dt.timedelta(seconds=seconds)
        for nonsense in ("soon", "-5", "9" * 400):
            network.then(503, {}, {"Retry-After": nonsense})
            with pytest.raises(RetryLater):
                connector.poll(self.stream, {})

    def test_a_redirect_is_not_followed(self, network: Network) -> None:
        network.then(307, b"", {"Location": network.url + "/elsewhere"})
        with pytest.raises(AmbiguousSend):
            self.connector(network.url).reply(self.ref, OutgoingMessage("hello"), "key")
        assert len(network.asked) == 1

    def test_secrets_stay_out_of_errors_and_logs(
        self, network: Network, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        refusing = self.connector(refused_url())
        failing = self.connector(network.url)
        network.default = Reply(500, {"error": {"message": f"access_token={CANARY}", "code": 1}})
        for call in (
            lambda: refusing.poll(self.stream, {}),
            lambda: refusing.reply(self.ref, OutgoingMessage("hello"), "key"),
            lambda: failing.poll(self.stream, {}),
            lambda: failing.verify(),
        ):
            with pytest.raises(NetworkError) as caught:
                call()
            shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
            assert CANARY not in shown
            assert caught.value.__context__ is None
        assert CANARY not in caplog.text
        assert CANARY not in repr(failing.credentials)  # type: ignore[attr-defined]

    # Writing

    def test_a_reply_is_confirmed_by_its_id(self, network: Network) -> None:
        network.default = self.confirmed("1234567890")
        sent = self.connector(network.url).reply(self.ref, OutgoingMessage("hello <&> 😀"), "key")
        assert sent.remote_id == "1234567890"
        assert sent.permalink.startswith("https://")
        assert "hello <&> 😀" in str(network.asked[0].body and (_texts(network.asked[0].body)))

    @pytest.mark.parametrize(
        "body", [{"data": {}}, {"data": None, "success": True}, {"data": {"id": None}, "id": None}]
    )
    def test_without_an_id_it_is_not_sent(self, network: Network, body: dict[str, Any]) -> None:
        network.default = Reply(200, body)
        with pytest.raises(AmbiguousSend):
            self.connector(network.url).reply(self.ref, OutgoingMessage("hello"), "key")

    def test_a_public_answer_needs_a_public_message(self, network: Network) -> None:
        with pytest.raises(Rejected):
            self.connector(network.url).reply(self.dm_ref, OutgoingMessage("hello"), "key")
        assert not network.asked

    def test_an_unknown_stream_is_refused(self, network: Network) -> None:
        with pytest.raises(Rejected):
            self.connector(network.url).poll("smoke", {})  # type: ignore[arg-type]

    def test_the_address_may_have_a_prefix(self, network: Network) -> None:
        network.then(200, self.page(""))
        self.connector(network.url + "/under/here/").poll(self.stream, {})
        assert network.asked[0].path.startswith("/under/here/")

    def test_lengths_are_counted(self, network: Network) -> None:
        connector = self.connector(network.url)
        assert connector.measure_length("") == 0
        assert connector.measure_length("hello") == 5
        assert connector.measure_length("\ud800") >= 1
        assert connector.measure_length("x" * 100_000) == 100_000

    def test_forged_webhooks_are_refused(self, network: Network) -> None:
        connector = self.connector(network.url)
        for headers in (
            {},
            {"X-Hub-Signature": "sha1=00"},
            {"X-Hub-Signature-256": "sha256=00", "X-Twitter-Webhooks-Signature": "sha256=AA=="},
            {"X-Hub-Signature-256": "é", "X-Twitter-Webhooks-Signature": "é"},
            {"X-Hub-Signature-256": "", "X-Twitter-Webhooks-Signature": ""},
        ):
            assert not connector.verify_webhook(headers, b"{}")

    @pytest.mark.parametrize("payload", [{}, {"entry": 5, "object": "page"}, {"object": "page", "entry": [None, {"id": "1"}]},
                                         {"for_user_id": "783214", "tweet_create_events": [None, {}, 5]}])  # fmt: skip
    def test_odd_webhooks_hold_no_messages(self, network: Network, payload: dict[str, Any]) -> None:
        assert self.connector(network.url).parse_webhook(payload) == ()


def _texts(body: bytes) -> str:
    from urllib.parse import unquote_plus

    try:
        return str(json.loads(body))
    except ValueError:
        return unquote_plus(body.decode())
