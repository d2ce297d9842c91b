"""The control of the networks by a test or the demo: everything under /_sim, for this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator import ledger
from simulator.demo import new_account, publish_posts
from simulator.identifiers import number_for
from simulator.placing import Draft
from simulator.records import KINDS, NETWORKS, BrandAccount, Kind, Message, Network, Person, parse_time
from simulator.world import World

Reply = tuple[int, Any]
Handler = Callable[[Request], Awaitable[Reply]]


class ControlRefused(Exception):
    """A control request that makes no sense; the text says what and where."""


def is_loopback(request: Request) -> bool:
    """Tell whether the request comes from this machine. A page of another site in this machine's browser does
    not count.
    """
    host = request.client.host if request.client else ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
    origin = request.headers.get("origin")
    return local and (origin is None or origin.partition("//")[2] == request.headers.get("host"))


async def read_json(request: Request) -> Any:
    try:
        return orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise ControlRefused(f"the body is not JSON: {error}") from None


class Control:
    """The verbs on messages and accounts. Further handlers are added by the parts they steer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.on_health: list[Callable[[], dict[str, Any]]] = []
        self._extra: list[tuple[str, str, Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        self._extra.append((method, path, handler))

    def routes(self) -> list[BaseRoute]:
        """Return the routes, relative to /_sim."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/health", self.health),
            ("POST", "/messages", self.post),
            ("POST", "/messages/{message_id}/edit", self.edit),
            ("POST", "/messages/{message_id}/delete", self.delete),
            ("DELETE", "/messages/{message_id}", self.delete),
            ("GET", "/ledger.json", self.ledger),
            ("GET", "/attempts.json", self.attempts),
            ("GET", "/accounts.json", self.accounts),
            ("POST", "/accounts", self.add_account),
            ("GET", "/apps.json", self.apps),
            ("POST", "/settings", self.settings),
            ("POST", "/tokens/revoke", self.revoke),
            *self._extra,
        ]
        return [Route(path, _guarded(handler), methods=[method]) for method, path, handler in table]

    async def health(self, request: Request) -> Reply:
        body: dict[str, Any] = {"ok": True, "now": self.world.clock(), "revision": self.world.revision}
        body |= ledger.count_messages(self.world)
        for part in self.on_health:
            body |= part()
        return 200, body

    async def ledger(self, request: Request) -> Reply:
        after, limit = request.query_params.get("after", "0"), request.query_params.get("limit", "")
        if not after.isdigit() or (limit and not limit.isdigit()):
            raise ControlRefused("after and limit are whole numbers")
        return 200, await ledger.read_ledger(self.world, int(after), int(limit) if limit else None)

    async def attempts(self, request: Request) -> Reply:
        return 200, {"attempts": [ledger.attempt_entry(attempt) for attempt in self.world.attempts]}

    async def accounts(self, request: Request) -> Reply:
        return 200, {"accounts": [ledger.account_entry(account) for account in self.world.accounts.values()]}

    async def apps(self, request: Request) -> Reply:
        apps = {app.network: app for app in self.world.apps.values()}
        x, facebook = apps["x"], apps["facebook"]
        return 200, {
            "x": {
                "client_id": x.client_id, "client_secret": x.client_secret, "consumer_key": x.consumer_key,
                "consumer_secret": x.consumer_secret,
            },
            "facebook": {"app_id": facebook.client_id, "app_secret": facebook.client_secret},
        }  # fmt: skip

    async def add_account(self, request: Request) -> Reply:
        body = await read_json(request)
        network, handle = body.get("network"), str(body.get("handle", "")).lstrip("@")
        if network not in NETWORKS or not handle:
            raise ControlRefused("network (x or facebook) and handle are needed")
        if self.world.account(network, handle) is not None:
            raise ControlRefused(f"{network} has {handle} already")
        remote_id = str(body.get("remote_id", ""))
        account = new_account(self.world, network, handle, str(body.get("name") or handle), remote_id)
        if body.get("posts", True):
            publish_posts(self.world, account, self.world.clock())
        return 201, ledger.account_entry(account)

    async def settings(self, request: Request) -> Reply:
        """`{"limits": false, "x_duplicates": false, "require_appsecret_proof": true}`, any of them."""
        body = await read_json(request)
        for name, value in body.items():
            if not hasattr(self.world.settings, name) or not isinstance(value, bool):
                raise ControlRefused(f"no such setting, or not true or false: {name}")
            setattr(self.world.settings, name, value)
        names = ("limits", "x_duplicates", "require_appsecret_proof", "advertisements")
        return 200, {name: getattr(self.world.settings, name) for name in names}

    async def revoke(self, request: Request) -> Reply:
        """`{"network": …, "account": …}` or `{"token": …}`; `"revoked": false` gives it back."""
        body = await read_json(request)
        revoked = body.get("revoked", True) is True
        tokens = [str(body["token"])] if body.get("token") else self._tokens(body)
        for token in tokens:
            self.world.set_revoked(token, revoked)
        return 200, {"revoked": revoked, "tokens": len(tokens)}

    def _tokens(self, body: dict[str, Any]) -> list[str]:
        account = self._account(body)
        own = [account.secrets.get("access_token", ""), account.secrets.get("page_token", "")]
        granted = [grant.key for grant in self.world.grants.values() if grant.kind in ("x_access", "x_refresh") and grant.subject == account.remote_id and account.network == "x"]  # fmt: skip
        return [token for token in own if token] + granted

    # -- messages --------------------------------------------------------------------------------------------------

    async def post(self, request: Request) -> Reply:
        """One message, a list of them, or `{"messages": […]}`. All or none; a post of X that brings its id is posted once."""
        body = await read_json(request)
        many = body if isinstance(body, list) else body.get("messages") if isinstance(body, dict) else None
        entries = many if isinstance(many, list) else [body]
        drafts = []
        for number, entry in enumerate(entries):
            if not isinstance(entry, dict):
                raise ControlRefused(f"message {number}: not an object")
            try:
                drafts.append(self._draft(entry))
            except (ControlRefused, ValueError) as error:
                raise ControlRefused(f"message {number}: {error}") from None
        self.world.store.begin()
        try:
            posted = [self.world.messages.get(draft.id) or self.world.post(draft, at) for draft, at in drafts]
        finally:
            self.world.store.commit()
        return 201, {"messages": [ledger.message_entry(self.world, message) for message in posted]}

    def _draft(self, entry: dict[str, Any]) -> tuple[Draft, int]:
        account, text = self._account(entry), entry.get("text")
        if not isinstance(text, str):
            raise ControlRefused("text is missing")
        network = account.network
        parent = self._message(str(entry["in_reply_to"])) if entry.get("in_reply_to") else None
        kind = self._kind(network, str(entry.get("kind") or ""), parent)
        if kind == "comment" and parent is None:
            parent = self.world.timeline("posts", account.remote_id).newest()
        by_brand = entry.get("by_brand") is True
        author = (
            self.world.people[f"{network}:{account.remote_id}"]
            if by_brand
            else self._author(network, entry.get("author"))
        )
        recipient = parent.author if by_brand and parent is not None else str(entry.get("recipient", ""))
        at = parse_time(entry["created_at"]) if entry.get("created_at") else self.world.clock()
        shown_at = parse_time(entry["shown_at"]) if entry.get("shown_at") else 0
        post_id = str(entry.get("id", ""))
        if post_id and not (network == "x" and kind == "public" and post_id.isdigit()):
            raise ControlRefused("only public posts of X may bring an id, of digits")
        origin = str(entry.get("origin") or ("native" if by_brand else "control"))
        return Draft(
            network, account, author, text, kind, parent, origin, str(entry.get("topic", "")),
            recipient=recipient, shown_at=shown_at, id=post_id,
        ), at  # fmt: skip

    def _kind(self, network: Network, kind: str, parent: Message | None) -> Kind:
        if kind == "public" and network == "facebook":
            kind = "comment"
        if not kind:
            kind = (
                parent.kind
                if parent is not None and parent.is_direct
                else "public"
                if network == "x"
                else "comment"
            )
        if kind == "brand_post" and parent is not None:
            kind = "public" if network == "x" else "comment"
        for network_kind in KINDS[network]:
            if network_kind == kind:
                return network_kind
        raise ControlRefused(f"{network} has no {kind}; it has {', '.join(KINDS[network])}")

    def _account(self, entry: dict[str, Any]) -> BrandAccount:
        network = entry.get("network")
        if network not in NETWORKS:
            raise ControlRefused("network must be x or facebook")
        accounts = [account for account in self.world.accounts.values() if account.network == network]
        account = (
            self.world.account(str(network), str(entry["account"])) if entry.get("account") else accounts[0]
        )
        if account is None:
            raise ControlRefused(f"{network} has no brand account {entry['account']}")
        return account

    def _author(self, network: str, author: Any) -> Person:
        """Return a person by id or handle. A new one is made on the spot; an object sets name, followers,
        verified.
        """
        more = author if isinstance(author, dict) else {}
        name_or_id = str(
            more.get("id")
            or more.get("handle")
            or (author if isinstance(author, str | int) else "")
            or "someone"
        )
        person = self.world.person(network, name_or_id) or self.world.find_person_by_handle(
            network, name_or_id
        )
        if person is not None and not more.keys() - {"id", "handle"}:
            return person
        handle = str(more.get("handle") or (person.handle if person else name_or_id)).lstrip("@")
        new_person = Person(
            network,  # type: ignore[arg-type]
            str(
                more.get("id")
                or (person.id if person else number_for(self.world.seed, network, handle, digits=16))
            ),
            handle,
            str(more.get("name") or handle),
            int(more.get("followers", 80)),
            more.get("verified") is True,
            language=str(more.get("language", "en")),
        )
        return self.world.add_person(new_person)

    def _message(self, message_id: str) -> Message:
        message = self.world.messages.get(message_id)
        if message is None:
            raise ControlRefused(f"there is no message {message_id}")
        return message

    async def edit(self, request: Request) -> Reply:
        text = (await read_json(request)).get("text")
        if not isinstance(text, str):
            raise ControlRefused("text is missing")
        try:
            message = self.world.edit(
                self._message(request.path_params["message_id"]), text, self.world.clock()
            )
        except ValueError as error:
            raise ControlRefused(str(error)) from None
        return 200, ledger.message_entry(self.world, message)

    async def delete(self, request: Request) -> Reply:
        message = self.world.delete(self._message(request.path_params["message_id"]), self.world.clock())
        return 200, ledger.message_entry(self.world, message)


def _guarded(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if not is_loopback(request):
            return Response(
                orjson.dumps({"error": "served to this machine only"}), 403, media_type="application/json"
            )
        try:
            status, body = await handler(request)
        except ControlRefused as refused:
            status, body = 400, {"error": str(refused)}
        return Response(orjson.dumps(body), status, media_type="application/json")

    return endpoint
