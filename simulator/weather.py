"""The middleware between the wire and the networks: lets faults strike."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator import spoiled
from simulator.faults import SPOILING_FAULTS, Fault, Faults
from simulator.server import CUT
from simulator.x.signature import parse_header

_SIGN_IN = ("/oauth2/", "/dialog/", "/oauth/")


class CapturedAnswer:
    """An answer held back."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        else:
            self.body += message.get("body", b"")


class FaultMiddleware:
    """Pure ASGI: answers, holds, spoils or cuts what `Faults` picks; everything else passes untouched."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        network = _network(scope)
        if not network or not self.faults.rules:
            await self.app(scope, receive, send)
            return
        body = await _read_body(receive)
        again = _replay_body(body, receive)
        account = self._account(network, scope, body)
        fault = self.faults.pick_fault(network, account, _route_kind(scope), scope["path"])
        if fault is None:
            await self.app(scope, again, send)
        elif fault.fault in SPOILING_FAULTS:
            await self._spoil_answer(fault, network, scope, again, send)
        else:
            await self._answer_with_fault(fault, network, scope, send)

    def _account(self, network: str, scope: Scope, body: bytes) -> str:
        """Return the brand account a request speaks for. Whether it may is not judged here."""
        headers = dict(scope["headers"])
        header = headers.get(b"authorization", b"").decode("latin-1")
        token = header.removeprefix("Bearer ")
        if header.startswith("OAuth "):
            token = parse_header(header).get("oauth_token", "")
        elif network == "facebook" and not header:
            sent = dict(parse_qsl(scope["query_string"].decode("latin-1"))) | dict(
                parse_qsl(body.decode("latin-1"))
            )
            token = sent.get("access_token", "")
        for account in self.faults.world.accounts.values():
            if token in (account.secrets.get("access_token"), account.secrets.get("page_token")):
                return account.remote_id
        grant = self.faults.world.grants.get(token)
        return grant.subject if grant is not None else ""

    async def _answer_with_fault(self, fault: Fault, network: str, scope: Scope, send: Send) -> None:
        if fault.fault == "hang":
            await asyncio.sleep(fault.seconds)
            await _cut_connection(scope)
            return
        answer = spoiled.build_refusal(fault.fault, network, self.faults.world.clock())
        if answer is None:
            await _cut_connection(scope)
            return
        status, body, headers = answer
        await _send_answer(send, status, body, headers)

    async def _spoil_answer(
        self, fault: Fault, network: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        captured = CapturedAnswer()
        await self.app(scope, receive, captured.send)
        if fault.fault in ("accepted_silent", "accepted_hang"):
            await asyncio.sleep(fault.seconds if fault.fault == "accepted_hang" else 0)
            await _cut_connection(scope)
        elif fault.fault in ("accepted_server_error", "accepted_duplicate"):
            refusal = "server_error" if fault.fault == "accepted_server_error" else "refused_duplicate"
            answer = spoiled.build_refusal(refusal, network, self.faults.world.clock())
            assert answer is not None
            await _send_answer(send, *answer)
        elif fault.fault == "truncated":
            await _send_half(captured, scope, send)
        else:
            if fault.fault == "slow":
                await asyncio.sleep(fault.seconds)
            elif captured.status == 200:
                captured.body = orjson.dumps(
                    spoiled.spoil_page(fault.fault, orjson.loads(captured.body), self.faults.rng)
                )
            await _send_captured(captured, send)


def _network(scope: Scope) -> str:
    if scope["type"] != "http":
        return ""
    path = scope["path"]
    if path.startswith("/graph/"):
        return "facebook"
    return "x" if path.startswith("/x/2/") else ""


def _route_kind(scope: Scope) -> str:
    if any(part in scope["path"] for part in _SIGN_IN):
        return "auth"
    return "read" if scope["method"] in ("GET", "HEAD") else "write"


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _replay_body(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _cut_connection(scope: Scope) -> None:
    """Close the connection without another byte."""
    scope["state"][CUT]()
    # The server notices in the next turn of its loop; returning earlier would make it answer 500.
    await asyncio.sleep(0.01)


async def _send_answer(send: Send, status: int, body: Any, headers: dict[str, str]) -> None:
    content = body.encode() if isinstance(body, str) else orjson.dumps(body)
    head = {"content-type": "application/json; charset=utf-8", **headers, "content-length": str(len(content))}
    raw = [(name.encode(), value.encode()) for name, value in head.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


async def _send_captured(captured: CapturedAnswer, send: Send) -> None:
    headers = [(name, value) for name, value in captured.headers if name != b"content-length"]
    headers.append((b"content-length", str(len(captured.body)).encode()))
    await send({"type": "http.response.start", "status": captured.status, "headers": headers})
    await send({"type": "http.response.body", "body": captured.body})


async def _send_half(captured: CapturedAnswer, scope: Scope, send: Send) -> None:
    """Promise the whole answer in the head and send half of it."""
    await send({"type": "http.response.start", "status": captured.status, "headers": captured.headers})
    await send(
        {"type": "http.response.body", "body": captured.body[: len(captured.body) // 2], "more_body": True}
    )
    await asyncio.sleep(0.01)
    await _cut_connection(scope)
