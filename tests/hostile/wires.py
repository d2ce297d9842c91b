"""X and Graph as they stand on the wire, byte by byte, so that a hostile item can be anything at all."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from tests.hostile.corpus import HostileCase, repeated
from tests.networks.server import Asked, Reply

_EPOCH_MS = 1288834974657
_LEFT_OUT = b""


@dataclass(frozen=True)
class Item:
    """One item of a page: its own bytes, and those of its author where the network lists authors apart."""

    body: bytes
    user: bytes = b""
    #: Which of the network's items it stands for; the youngest is 0.
    number: int = 0


def string(text: str) -> bytes:
    """A JSON string; long ones unescaped, to stay below the largest answer that is taken."""
    return json.dumps(text, ensure_ascii=len(text) < 1_000_000).encode()


def fragment(value: Any, remote_id: str, encode: Callable[[str], str] = str) -> bytes:
    """The JSON that a corpus value stands for."""
    if isinstance(value, str):
        return string(encode(value))
    if "hex" in value:
        return b'"' + bytes.fromhex(value["hex"]) + b'"'
    if "nest" in value:
        opening, closing, times = value["nest"]
        return (opening * times + "1" + closing * times).encode()
    if "json" in value:
        raw = value["json"]
        return (repeated(raw) if isinstance(raw, dict) else raw.replace("@", remote_id)).encode()
    return string(encode(repeated(value)))


class Wire:
    """A network's wire format: sound items, hostile ones, and pages of them."""

    network: ClassVar[str]
    stream: ClassVar[str]
    own_id: ClassVar[str]
    secrets: ClassVar[dict[str, str]]
    sound: ClassVar[tuple[str, ...]]

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def fields(self, number: int) -> dict[str, bytes]:
        raise NotImplementedError

    def compose(self, fields: dict[str, bytes]) -> Item:
        raise NotImplementedError

    def remote_id(self, number: int) -> str:
        """The id of the `number`th item, younger ones having smaller numbers."""
        milliseconds = int((self.now - dt.timedelta(minutes=number + 1)).timestamp() * 1000)
        return str(((milliseconds - _EPOCH_MS) << 22) + number)

    def time(self, number: int) -> bytes:
        at = self.now - dt.timedelta(minutes=number + 1)
        return json.dumps(at.strftime("%Y-%m-%dT%H:%M:%S+0000")).encode()

    def text(self, text: str) -> str:
        return text

    def good(self, number: int) -> Item:
        return replace(self.compose(self.fields(number)), number=number)

    def hostile(self, case: HostileCase, number: int) -> Item:
        """The item with what is hostile in it."""
        return replace(self._hostile(case, number), number=number)

    def _hostile(self, case: HostileCase, number: int) -> Item:
        fields, remote_id = self.fields(number), self.remote_id(number)
        if case.where != "json":
            fields[case.where] = fragment(case.value, remote_id, self.text if case.where == "text" else str)
            return self.compose(fields)
        if "item" in case.value:
            return Item(case.value["item"].encode())
        name = case.value["field"]
        if case.value.get("omit"):
            fields[name] = _LEFT_OUT
        else:
            fields[name] = fragment(case.value, remote_id)
        return self.compose(fields)

    def page(self, items: Sequence[Item], token: str = "") -> bytes:
        raise NotImplementedError

    def is_page(self, asked: Asked) -> bool:
        """Whether this asks for a page of the stream, rather than something that stays empty here."""
        raise NotImplementedError

    def token(self, asked: Asked) -> str:
        raise NotImplementedError

    def is_wanted(self, asked: Asked, item: Item) -> bool:
        """Whether an item is younger than what was asked for: a cursor that moved too early loses it."""
        raise NotImplementedError

    def expired(self) -> Reply:
        """What the network says of a page token it does not know any more."""
        raise NotImplementedError

    def empty(self) -> Reply:
        raise NotImplementedError

    def serve(self, pages: Sequence[Sequence[Item]]) -> Callable[[Asked], Reply]:
        """A network that holds these pages and hands them out again and again."""

        def answer(asked: Asked) -> Reply:
            if not self.is_page(asked):
                return self.empty()
            number = int(self.token(asked).removeprefix("t") or 0)
            following = f"t{number + 1}" if number + 1 < len(pages) else ""
            wanted = [item for item in pages[number] if self.is_wanted(asked, item)]
            return Reply(200, self.page(wanted, following))

        return answer


def _object(members: dict[str, bytes]) -> bytes:
    parts = (json.dumps(key).encode() + b": " + value for key, value in members.items() if value != _LEFT_OUT)
    return b"{" + b", ".join(parts) + b"}"


class XWire(Wire):
    """Mentions of API v2."""

    network = "x"
    stream = "mentions"
    own_id = "783214"
    secrets = {
        "consumer_key": "key",
        "consumer_secret": "consumer secret",
        "access_token": "783214-token",
        "access_token_secret": "token secret",
    }
    _NAMES = {"time": "created_at", "author_object": "author_id"}

    def fields(self, number: int) -> dict[str, bytes]:
        return {
            "id": string(self.remote_id(number)),
            "text": string(f"@brand where is my parcel {number}? &amp; why?"),
            "author": string(str(5000 + number)),
            "time": self.time(number),
            "handle": string(f"customer{number}"),
            "name": string(f"Customer {number}"),
            "avatar": string(f"https://pbs.example/{number}.jpg"),
        }

    def text(self, text: str) -> str:
        return html.escape(text, quote=False)

    def compose(self, fields: dict[str, bytes]) -> Item:
        author = fields.get("author", b"null")
        members = {"author_object": author} | {
            name: value
            for name, value in fields.items()
            if name in ("id", "text", "time", "extra", "author_object")
        }
        if "parent" in fields:
            members["referenced_tweets"] = b'[{"type": "replied_to", "id": ' + fields["parent"] + b"}]"
        if "id" in fields:
            members["edit_history_tweet_ids"] = b"[" + fields["id"] + b"]"
        user = {
            "id": author,
            "username": fields["handle"],
            "name": fields["name"],
            "profile_image_url": fields["avatar"],
            "public_metrics": b'{"followers_count": 12}',
        }
        return Item(
            _object({self._NAMES.get(key, key): value for key, value in members.items()}), _object(user)
        )

    def page(self, items: Sequence[Item], token: str = "") -> bytes:
        meta = {"result_count": len(items)} | ({"next_token": token} if token else {})
        data = b'"data": [' + b", ".join(item.body for item in items) + b"], " if items else b""
        users = b", ".join(item.user for item in items if item.user)
        return (
            b"{"
            + data
            + b'"includes": {"users": ['
            + users
            + b']}, "meta": '
            + json.dumps(meta).encode()
            + b"}"
        )

    def is_page(self, asked: Asked) -> bool:
        return asked.path.endswith("/mentions")

    def token(self, asked: Asked) -> str:
        return asked.query.get("pagination_token", "")

    def is_wanted(self, asked: Asked, item: Item) -> bool:
        return int(self.remote_id(item.number)) > int(asked.query.get("since_id", 0))

    def expired(self) -> Reply:
        problem = "https://api.twitter.com/2/problems/invalid-request"
        message = "The `pagination_token` query parameter value is not valid"
        errors = [{"parameters": {"pagination_token": ["t1"]}, "message": message}]
        return Reply(400, {"errors": errors, "title": "Invalid Request", "detail": message, "type": problem})

    def empty(self) -> Reply:
        return Reply(200, {"meta": {"result_count": 0}})


class GraphWire(Wire):
    """Comments under a Page's post, as they come inside the list of its posts."""

    network = "facebook"
    stream = "comments"
    own_id = "19292868552"
    secrets = {"page_token": "token", "app_id": "7", "app_secret": "secret", "verify_token": "verify"}

    def fields(self, number: int) -> dict[str, bytes]:
        remote_id = self.remote_id(number)
        return {
            "id": string(remote_id),
            "text": string(f"Where is my parcel {number}? & why?"),
            "author": string(str(5000 + number)),
            "time": self.time(number),
            "handle": string(f"customer{number}"),
            "name": string(f"Customer {number}"),
            "permalink": string(f"https://www.facebook.com/{self.own_id}/posts/1015/?comment_id={remote_id}"),
        }

    def compose(self, fields: dict[str, bytes]) -> Item:
        person = _object({"id": fields["author"], "name": fields["name"], "username": fields["handle"]})
        members = {"author_object": person} | {
            name: value
            for name, value in fields.items()
            if name in ("id", "text", "time", "extra", "permalink", "author_object")
        }
        if "parent" in fields:
            members["parent"] = b'{"id": ' + fields["parent"] + b"}"
        names = {
            "text": "message",
            "time": "created_time",
            "permalink": "permalink_url",
            "author_object": "from",
        }
        return Item(_object({names.get(key, key): value for key, value in members.items()}))

    def page(self, items: Sequence[Item], token: str = "") -> bytes:
        inner = b'{"data": [' + b", ".join(item.body for item in items) + b"]}"
        post = b'{"id": "' + f"{self.own_id}_1015".encode() + b'", "comments": ' + inner + b"}"
        address = f"https://graph.facebook.com/v25.0/x?access_token=token&after={token}"
        paging = {"cursors": {"after": token}, "next": address} if token else {}
        return b'{"data": [' + post + b'], "paging": ' + json.dumps(paging).encode() + b"}"

    def is_page(self, asked: Asked) -> bool:
        return asked.path.endswith("/published_posts")

    def token(self, asked: Asked) -> str:
        return asked.query.get("after", "")

    def is_wanted(self, asked: Asked, item: Item) -> bool:
        since = re.search(r"\.since\((\d+)\)", asked.query.get("fields", ""))
        at = self.now - dt.timedelta(minutes=item.number + 1)
        return since is None or at.timestamp() >= int(since[1])

    def expired(self) -> Reply:
        error = {"message": "(#100) Invalid cursor", "type": "OAuthException", "code": 100}
        return Reply(400, {"error": error})

    def empty(self) -> Reply:
        return Reply(200, {"data": []})


WIRES: dict[str, type[Wire]] = {"x": XWire, "facebook": GraphWire}
