"""Publishing, liking, hiding and deleting on X."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request

from simulator.placing import Draft
from simulator.records import Attempt, Message
from simulator.world import World
from simulator.x import length, parameters
from simulator.x.auth import Principal
from simulator.x.errors import Problem, duplicate_error, forbidden_error, invalid_error, missing_error
from simulator.x.render import escaped, shown_text

#: X refuses the same text from the same account again for about a day.
DUPLICATE_MS = 24 * 3600 * 1000
_DUPLICATES_LOOKED_AT = 500
_CREATE_FIELDS = frozenset(
    [
        "card_uri",
        "community_id",
        "direct_message_deep_link",
        "edit_options",
        "for_super_followers_only",
        "geo",
        "made_with_ai",
        "media",
        "nullcast",
        "paid_partnership",
        "poll",
        "quote_tweet_id",
        "reply",
        "reply_settings",
        "share_with_followers",
        "text",
    ]
)
Body = dict[str, Any]


async def json_body(request: Request) -> Body:
    try:
        body = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise invalid_error("JSON doesn't match expected schema", delete="")
    return body


def client_of(request: Request) -> dict[str, str]:
    return {
        "user_agent": request.headers.get("user-agent", ""),
        "auth": request.headers.get("authorization", "")[:6].strip(),
    }


def record_attempt(
    world: World,
    who: Principal,
    request: Request,
    action: str,
    target: str,
    text: str,
    outcome: str,
    message_id: str = "",
) -> None:
    """Enter a write in the ledger's attempts."""
    world.record_attempt(
        Attempt(
            world.clock(),
            "x",
            who.account.remote_id,
            action,
            target,
            text,
            outcome,
            message_id,
            client_of(request),
        )
    )


async def create(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "tweet.write", "users.read")
    body = await json_body(request)
    for name in sorted(set(body) - _CREATE_FIELDS):
        raise invalid_error(f"$.{name}: is not defined in the schema and the schema does not allow additional properties", **{name: str(body[name])[:80]})  # fmt: skip
    text = body.get("text")
    reply = body.get("reply")
    target = str(reply.get("in_reply_to_tweet_id", "")) if isinstance(reply, dict) else ""
    try:
        if not isinstance(text, str) or not text.strip():
            raise invalid_error("$.text: is missing but it is required", text=str(text))
        parent = _parent(world, who, target)
        _check_text(world, who, text)
    except Problem as problem:
        outcome = f"{problem.outcome}: {problem.body.get('detail', '')}"
        record_attempt(world, who, request, "create", target, str(text), outcome)
        raise
    person = world.people[f"x:{who.account.remote_id}"]
    message = world.post(
        Draft(
            "x",
            who.account,
            person,
            text,
            "public" if parent else "brand_post",
            parent,
            "api",
            client=client_of(request),
        ),
        world.clock(),
    )
    record_attempt(world, who, request, "create", target, text, "accepted", message.id)
    data = {"edit_history_tweet_ids": [message.id], "id": message.id}
    return {"data": {**data, "text": escaped(shown_text(world, message, text))}}


def _parent(world: World, who: Principal, target: str) -> Message | None:
    if not target:
        return None
    parameters.require_identifier("reply.in_reply_to_tweet_id", target)
    parent = world.find_readable_message(target)
    if parent is None or parent.network != "x" or parent.is_direct:
        raise forbidden_error("You attempted to reply to a Tweet that is deleted or not visible to you.")
    me = who.account.remote_id
    if parent.author != me and me not in parent.addressed:
        # Since February 2026 self-serve tiers answer only authors who mentioned or quoted the brand.
        raise forbidden_error(
            "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the "
            "author of the post you are replying to."
        )
    return parent


def _check_text(world: World, who: Principal, text: str) -> None:
    if length.weighted(text) > length.LIMIT:
        raise forbidden_error(
            "Your Tweet text is too long. You are not allowed to post Tweets longer than 280 characters."
        )
    if any(letter in text for letter in length.FORBIDDEN):
        raise invalid_error("Your Tweet text contains a character that is not allowed.", text=text)
    if not world.settings.x_duplicates:
        return
    own = world.timeline("x-author", who.account.remote_id)
    newest = world.clock() - DUPLICATE_MS
    for looked, message in enumerate(own.newest_first()):
        if looked >= _DUPLICATES_LOOKED_AT or message.created_at < newest:
            return
        if message.text == text:
            raise duplicate_error()


def delete(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "tweet.write", "users.read")
    tweet_id = parameters.require_identifier("id", request.path_params["tweet_id"])
    message = world.find_readable_message(tweet_id)
    if message is None or message.network != "x" or message.is_direct:
        raise missing_error("tweet", "id", tweet_id)
    if message.author != who.account.remote_id:
        raise forbidden_error("You are not authorized to delete this Tweet.")
    world.delete(message, world.clock())
    record_attempt(world, who, request, "delete", tweet_id, "", "accepted", tweet_id)
    return {"data": {"deleted": True}}


async def hide(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "users.read", "tweet.moderate.write")
    body = await json_body(request)
    hidden = body.get("hidden")
    if not isinstance(hidden, bool):
        raise invalid_error("$.hidden: is missing but it is required", hidden=str(hidden))
    tweet_id = parameters.require_identifier("id", request.path_params["tweet_id"])
    message = world.find_readable_message(tweet_id)
    if message is None:
        raise missing_error("tweet", "id", tweet_id)
    root = world.messages.get(message.thread)
    if root is None or root.author != who.account.remote_id or root is message:
        raise forbidden_error("You can hide replies only in conversations that you started.")
    world.hide(message, hidden)
    return {"data": {"hidden": hidden}}


async def like(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "users.read", "like.write")
    _own(who, request)
    tweet_id = parameters.require_identifier("tweet_id", str((await json_body(request)).get("tweet_id", "")))
    message = world.find_readable_message(tweet_id)
    if message is None:
        raise missing_error("tweet", "tweet_id", tweet_id)
    world.like(message, who.account.remote_id)
    return {"data": {"liked": True}}


def unlike(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "users.read", "like.write")
    _own(who, request)
    message = world.find_readable_message(request.path_params["tweet_id"])
    if message is not None:
        world.like(message, who.account.remote_id, liked=False)
    return {"data": {"liked": False}}


def _own(who: Principal, request: Request) -> None:
    if request.path_params["user_id"] != who.account.remote_id:
        raise invalid_error("The `id` must be the authenticating user's", id=request.path_params["user_id"])
