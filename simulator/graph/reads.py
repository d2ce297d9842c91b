"""Graph objects and edges by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.graph import edges, fields
from simulator.graph.auth import PAGE_SCOPES, Caller
from simulator.graph.edges import GraphRequest
from simulator.graph.errors import GraphProblem, not_there_error, parameter_error, permission_error
from simulator.graph.render import render, type_of
from simulator.records import Person
from simulator.world import World

MAX_IDS = 50
_EDGES = {
    "Page": {"feed", "posts", "published_posts", "tagged", "visitor_posts", "conversations", "ads_posts"},
    "Post": {"comments", "likes"}, "Photo": {"comments", "likes"}, "Comment": {"comments", "likes"}, "Conversation": {"messages"}, "User": {"accounts"},
}  # fmt: skip


def build_graph_request(world: World, version: str, caller: Caller) -> GraphRequest:
    page = caller.page.remote_id if caller.page else ""
    return GraphRequest(
        world,
        version,
        caller.token,
        page,
        shows_tokens=caller.grant is not None or bool(page),
        grant=caller.grant,
    )


def find_object(ask: GraphRequest, object_id: str) -> Any:
    """Find the object behind an id, if this token may see it. Raises `GraphProblem` 100/33."""
    world = ask.world
    if object_id == "me":
        object_id = ask.page or (ask.grant.subject if ask.grant else "")
    account = world.accounts.get(f"facebook:{object_id}")
    if account is not None and (object_id == ask.page or (ask.grant and object_id in ask.grant.pages)):
        return account
    message = world.find_readable_message(object_id)
    if message is not None and message.network == "facebook" and message.account == ask.page:
        return message
    if ask.page and (talk := edges.find_conversation(world, ask.page, object_id)) is not None:
        return talk
    person = world.person("facebook", object_id)
    if person is not None and not person.is_brand:
        return person
    raise not_there_error(object_id or "me")


def read_object(ask: GraphRequest, object_id: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    thing = find_object(ask, object_id)
    return render(ask, thing, fields.parse(parameters["fields"]) if parameters.get("fields") else ())


def read_objects(ask: GraphRequest, parameters: Mapping[str, str]) -> dict[str, Any]:
    """`?ids=`: one id that does not exist fails them all."""
    ids = [part for part in parameters.get("ids", "").split(",") if part]
    if not ids:
        raise GraphProblem(400, "Unsupported get request. Please read the Graph API documentation", 100, 33)
    if len(ids) > MAX_IDS:
        raise parameter_error(f"Too many IDs. Maximum: {MAX_IDS}. Provided: {len(ids)}.")
    return {object_id: read_object(ask, object_id, parameters) for object_id in ids}


def read_edge(ask: GraphRequest, object_id: str, name: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    thing = find_object(ask, object_id)
    if name == "ads_posts" and not ask.world.settings.advertisements:
        raise permission_error("ads_read")
    if name == "permissions" and isinstance(thing, Person):
        granted = ask.grant.scope.split(",") if ask.grant else []
        return {"data": [{"permission": scope, "status": "granted"} for scope in granted if scope]}
    kind = type_of(thing)
    if name not in _EDGES.get(kind, ()):
        raise parameter_error(f"Tried accessing nonexisting field ({name}) on node type ({kind})")
    arguments = {
        key: value
        for key, value in parameters.items()
        if key not in ("fields", "access_token", "appsecret_proof", "pretty")
    }
    requested = fields.parse(parameters["fields"]) if parameters.get("fields") else ()
    return edges.list_edge(ask, thing, name, arguments, requested, render)


def debug_token(world: World, caller: Caller, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Describe what a token is good for. Only to the app that issued it."""
    token = parameters.get("input_token", "")
    data: dict[str, Any] = {
        "is_valid": False,
        "scopes": [],
        "app_id": caller.app.client_id if caller.app else "",
    }
    grant = world.grants.get(token)
    if token in world.revoked or (grant is not None and grant.revoked):
        data["error"] = {
            "code": 190,
            "message": "Error validating access token: The session has been invalidated.",
            "subcode": 460,
        }
        return {"data": data}
    for account in world.accounts.values():
        if account.secrets.get("page_token") == token:
            return {"data": data | {"is_valid": True, "type": "PAGE", "profile_id": account.remote_id, "scopes": list(PAGE_SCOPES), "expires_at": 0, "user_id": "0"}}  # fmt: skip
    if grant is not None and grant.kind == "fb_user":
        valid = grant.expires_at > world.clock()
        return {"data": data | {"is_valid": valid, "type": "USER", "user_id": grant.subject, "scopes": grant.scope.split(","), "expires_at": grant.expires_at // 1000}}  # fmt: skip
    return {"data": data | {"error": {"code": 190, "message": "Invalid OAuth access token."}}}
