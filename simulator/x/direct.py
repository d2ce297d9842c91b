"""Direct messages on X."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from simulator.identifiers import make_page_token, snowflake_floor
from simulator.placing import Draft
from simulator.records import Message
from simulator.timelines import Timeline
from simulator.world import World
from simulator.x import parameters
from simulator.x.auth import Principal
from simulator.x.errors import Problem, forbidden_error, invalid_error, missing_error
from simulator.x.reads import take_up_to
from simulator.x.render import Includes, event, included
from simulator.x.writes import client_of, json_body, record_attempt

#: Direct messages older than this are not offered.
WINDOW_MS = 30 * 24 * 3600 * 1000
MAX_LENGTH = 10_000
Body = dict[str, Any]


def _conversation(who: Principal, request: Request) -> str:
    """Return the conversation a path names, "" for all."""
    if other := request.path_params.get("participant_id"):
        parameters.require_identifier("participant_id", other)
        return "-".join(sorted((who.account.remote_id, other), key=int))
    return str(request.path_params.get("conversation_id", ""))


def events(world: World, who: Principal, request: Request) -> Body:
    """`/2/dm_events` and the two lists of one conversation, newest first."""
    who.need("dm.read", "tweet.read", "users.read")
    fields = parameters.parse_wanted(
        request, "dm_event.fields", "event_types", "max_results", "pagination_token",
        expansions=parameters.EVENT_EXPANSIONS,
    )  # fmt: skip
    size = parameters.parse_page_size(request, 1, 100, 100)
    conversation = _conversation(who, request)
    list_name = f"dm {who.account.remote_id} {conversation}"
    token = parameters.parse_page_token(request, list_name)
    key = ("x-direct", who.account.remote_id) + ((conversation,) if conversation else ())
    timeline: Timeline = world.timeline(*key)
    floor = snowflake_floor(world.clock() - WINDOW_MS)
    messages, follows = take_up_to(timeline.newest_first(below=token, above=floor), size)
    if not messages:
        return {"meta": {"result_count": 0}}
    includes = Includes()
    body: Body = {"data": [event(world, message, fields, includes) for message in messages]}
    if extra := included(world, includes, fields):
        body["includes"] = extra
    body["meta"] = {"result_count": len(messages)}
    if follows:
        body["meta"]["next_token"] = make_page_token(list_name, messages[-1].id)
    if token is not None:
        body["meta"]["previous_token"] = make_page_token(list_name + " back", messages[0].id)
    return body


def single(world: World, who: Principal, request: Request) -> Body:
    who.need("dm.read", "tweet.read", "users.read")
    fields = parameters.parse_wanted(request, "dm_event.fields", expansions=parameters.EVENT_EXPANSIONS)
    message = _own_event(world, who, request)
    includes = Includes()
    body: Body = {"data": event(world, message, fields, includes)}
    if extra := included(world, includes, fields):
        body["includes"] = extra
    return body


def _own_event(world: World, who: Principal, request: Request) -> Message:
    event_id = parameters.require_identifier("event_id", request.path_params["event_id"])
    message = world.find_readable_message(event_id)
    if message is None or not message.is_direct or message.account != who.account.remote_id:
        raise missing_error("dm_event", "event_id", event_id)
    return message


def delete(world: World, who: Principal, request: Request) -> Body:
    who.need("dm.read", "dm.write")
    message = _own_event(world, who, request)
    if not message.by_brand:
        raise forbidden_error("You can delete only direct messages that you sent.")
    world.delete(message, world.clock())
    record_attempt(world, who, request, "delete", message.id, "", "accepted", message.id)
    return {"data": {"deleted": True}}


async def create(world: World, who: Principal, request: Request) -> Body:
    who.need("dm.write", "dm.read", "tweet.read", "users.read")
    body = await json_body(request)
    text = body.get("text")
    conversation = _conversation(who, request)
    try:
        parent = _checked(world, who, conversation, text)
    except Problem as problem:
        record_attempt(
            world,
            who,
            request,
            "direct",
            conversation,
            str(text),
            f"refused: {problem.body.get('detail', '')}",
        )
        raise
    other = next(person for person in conversation.split("-") if person != who.account.remote_id)
    person = world.people[f"x:{who.account.remote_id}"]
    message = world.post(
        Draft(
            "x",
            who.account,
            person,
            str(text),
            "direct",
            parent,
            "api",
            client=client_of(request),
            recipient=other,
        ),
        world.clock(),
    )
    record_attempt(world, who, request, "direct", conversation, str(text), "accepted", message.id)
    return {"data": {"dm_conversation_id": message.thread, "dm_event_id": message.id}}


def _checked(world: World, who: Principal, conversation: str, text: object) -> Message | None:
    if not isinstance(text, str) or not text.strip():
        raise invalid_error("$.text: is missing but it is required", text=str(text))
    if len(text) > MAX_LENGTH:
        raise invalid_error(f"$.text: must be at most {MAX_LENGTH} characters long", text=text[:40])
    ends = conversation.split("-")
    others = [person for person in ends if person != who.account.remote_id]
    if len(ends) != 2 or len(others) != 1 or world.person("x", others[0]) is None:
        raise forbidden_error("You do not have permission to DM one or more participants.")
    return world.timeline("x-direct", who.account.remote_id, conversation).newest()
