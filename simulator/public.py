"""The public's view: a page per brand account and a page per thread. Direct messages never appear here."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from simulator import html
from simulator.html import escaped
from simulator.records import BrandAccount, Message
from simulator.world import World

SHOWN = 50
_INDENTS = 4
_NAMES = {"x": "X", "facebook": "Facebook"}


class Public:
    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.front),
            Route("/style.css", self.style),
            Route("/x/{handle}/status/{message_id}", self.thread),
            Route("/x/{handle}", self.account),
            Route("/facebook/{handle}/posts/{message_id}", self.thread),
            Route("/facebook/{handle}", self.account),
        ]

    async def style(self, request: Request) -> Response:
        return PlainTextResponse(html.STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})

    async def front(self, request: Request) -> Response:
        links = "".join(
            f'<li><a href="{_home(account)}">{escaped(account.name)} (@{escaped(account.handle)}) on {_NAMES[account.network]}</a></li>'
            for account in self.world.accounts.values()
        )
        return html.page(
            "Simulated networks",
            f"<h1>Simulated networks</h1><p>What the public sees of:</p><ul>{links}</ul>",
        )

    async def account(self, request: Request) -> Response:
        """Show the newest threads of a brand account. Its own and those that address it."""
        network = "x" if request.url.path.startswith("/x/") else "facebook"
        account = self.world.account(network, request.path_params["handle"])
        if account is None:
            return html.page("Not found", "<h1>This page isn't available.</h1>", 404)
        parts = [f"<li>{self._summary(message)}</li>" for message in self._newest(account)]
        body = (
            f"<p class=soft>Simulated {_NAMES[network]}</p><h1>{escaped(account.name)}</h1>"
            f"<p class=soft>@{escaped(account.handle)}</p><ol class=thread>{''.join(parts)}</ol>"
        )
        return html.page(f"{account.name} · {_NAMES[network]}", body)

    def _newest(self, account: BrandAccount) -> list[Message]:
        if account.network == "x":
            keys = [("x-author", account.remote_id), ("x-mentions", account.remote_id)]
        else:
            keys = [("feed", account.remote_id), ("tagged", account.remote_id)]
        messages = [
            message for key in keys for message in _first(self.world.timeline(*key).newest_first(), SHOWN)
        ]
        return sorted(messages, key=lambda message: message.number, reverse=True)[:SHOWN]

    async def thread(self, request: Request) -> Response:
        """Show a post with everything under it."""
        message = self.world.messages.get(request.path_params["message_id"])
        if message is None and request.url.path.startswith("/facebook/"):
            message = self._by_number(request.path_params["handle"], request.path_params["message_id"])
        network = "x" if request.url.path.startswith("/x/") else "facebook"
        root = self.world.messages.get(message.thread) if message is not None else None
        if message is None or root is None or message.is_direct or message.network != network:
            return html.page("Not found", "<h1>This page isn't available.</h1>", 404)
        key = "x-conversation" if network == "x" else "comments"
        under: dict[str, list[Message]] = {}
        for reply in self.world.timeline(key, root.thread).oldest_first():
            if reply is not root and not reply.hidden:
                above = self.world.messages.get(reply.in_reply_to)
                above = (
                    self.world.top_comment(above)
                    if above and network == "facebook" and above.kind == "comment"
                    else above
                )
                under.setdefault(above.first_id if above else root.first_id, []).append(reply)
        account = self.world.accounts[f"{network}:{root.account}"]
        body = (
            f'<p class=soft>Simulated {_NAMES[network]} · <a href="{_home(account)}">{escaped(account.name)}</a></p>'
            f"<h1>Thread</h1><ol class=thread>{self._tree(root, under)}</ol>"
        )
        return html.page(f"Thread · {account.name}", body)

    def _by_number(self, handle: str, number: str) -> Message | None:
        account = self.world.account("facebook", handle)
        return self.world.messages.get(f"{account.remote_id}_{number}") if account else None

    def _tree(self, root: Message, under: dict[str, list[Message]]) -> str:
        """Markup of a thread, walked with a stack: a conversation may be thousands deep."""
        parts: list[str] = []
        stack: list[Message | str] = [root]
        depth = 0
        while stack:
            node = stack.pop()
            if isinstance(node, str):
                parts.append(node)
                depth -= node.startswith("</ol>")
                continue
            parts.append(f"<li>{self._article(node)}")
            below = under.pop(node.first_id, [])
            if below and depth < _INDENTS:
                parts.append("<ol class=thread>")
                stack.append("</ol></li>")
                depth += 1
            else:
                parts.append("</li>")
            stack.extend(reversed(below))
        return "".join(parts)

    def _article(self, message: Message) -> str:
        person = self.world.person(message.network, message.author)
        name = escaped(person.name if person else "Someone")
        handle = f"@{escaped(person.handle)}" if person and message.network == "x" else ""
        tick = " · verified" if person and person.verified else ""
        edited = " · edited" if message.edited_at else ""
        text = (
            "<em>This post was deleted.</em>" if message.deleted_at else f"<bdi>{escaped(message.text)}</bdi>"
        )
        likes = f'<p class="soft">{len(message.likes)} likes</p>' if message.likes else ""
        return (
            f'<article id="m{escaped(message.first_id)}"{" class=brand" if message.by_brand else ""}><header><strong><bdi>{name}</bdi></strong>'
            f"<span class=soft>{handle}{tick}</span>{html.moment(message.created_at)}<span class=soft>{edited}</span></header>"
            f"<p>{text}</p>{likes}</article>"
        )

    def _summary(self, message: Message) -> str:
        return f'{self._article(message)}<p><a href="{self._address(message)}">Open the thread</a></p>'

    def _address(self, message: Message) -> str:
        account = self.world.accounts[f"{message.network}:{message.account}"]
        if message.network == "x":
            return f"/x/{escaped(account.handle)}/status/{message.id}"
        return f"/facebook/{escaped(account.handle)}/posts/{message.thread}"


def _home(account: BrandAccount) -> str:
    return f"/{account.network}/{escaped(account.handle)}"


def _first(messages: Iterable[Message], count: int) -> list[Message]:
    first: list[Message] = []
    for message in messages:
        if len(first) == count:
            break
        first.append(message)
    return first
