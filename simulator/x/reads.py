"""Reading posts and users of X."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from simulator.identifiers import make_page_token, snowflake_floor
from simulator.records import Message, Version
from simulator.world import World
from simulator.x import parameters
from simulator.x.auth import Principal
from simulator.x.errors import forbidden_error, gone_entry, invalid_error, missing_error
from simulator.x.render import Includes, Wanted, included, tweet, user
from simulator.x.search import compile_query

#: The mentions timeline offers no more than this many.
MENTIONS_WINDOW = 800
TIMELINE_WINDOW = 3200
RECENT_MS = 7 * 24 * 3600 * 1000
Body = dict[str, Any]


def build_page(
    world: World, messages: list[Message], more: bool, list_name: str, fields: Wanted, previous: bool
) -> Body:
    """Build a list of posts with `includes` and `meta`."""
    if not messages:
        return {"meta": {"result_count": 0}}
    includes = Includes()
    body: Body = {"data": [tweet(world, message, fields, includes) for message in messages]}
    if extra := included(world, includes, fields):
        body["includes"] = extra
    body["meta"] = {
        "result_count": len(messages),
        "newest_id": messages[0].id,
        "oldest_id": messages[-1].id,
    }
    if more:
        body["meta"]["next_token"] = make_page_token(list_name, messages[-1].id)
    if previous:
        body["meta"]["previous_token"] = make_page_token(list_name + " back", messages[0].id)
    return body


def take_up_to(messages: Iterable[Message], size: int) -> tuple[list[Message], bool]:
    """At most `size` messages, and whether there are more."""
    taken_messages: list[Message] = []
    for message in messages:
        if len(taken_messages) == size:
            return taken_messages, True
        taken_messages.append(message)
    return taken_messages, False


def mentions(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "users.read")
    if request.path_params["user_id"] != who.account.remote_id:
        raise forbidden_error("You are not permitted to read the mentions of another user.")
    return _timeline(world, request, "x-mentions", MENTIONS_WINDOW)


def tweets_of(world: World, who: Principal, request: Request) -> Body:
    """Return a user's own posts: `/2/users/:id/tweets`."""
    who.need("tweet.read", "users.read")
    return _timeline(world, request, "x-author", TIMELINE_WINDOW, "exclude")


def _timeline(world: World, request: Request, kind: str, last: int, *more: str) -> Body:
    fields = parameters.parse_wanted(request, *parameters.paging_names(*more))
    user_id = parameters.require_identifier("id", request.path_params["user_id"])
    size = parameters.parse_page_size(request, 5, 100, 10)
    above, below = parameters.parse_id_window(request)
    list_name = f"{kind} {user_id}"
    token = parameters.parse_page_token(request, list_name)
    if token is not None:
        below = token if below is None else min(below, token)
    timeline = world.timeline(kind, user_id)
    posts, follows = take_up_to(timeline.newest_first(below=below, above=above, last=last), size)
    return build_page(world, posts, follows, list_name, fields, token is not None)


def search_recent(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "users.read")
    fields = parameters.parse_wanted(request, *parameters.paging_names("query", "next_token", "sort_order"))
    text = request.query_params.get("query", "")
    size = parameters.parse_page_size(request, 10, 100, 10)
    above, below = parameters.parse_id_window(request)
    floor = snowflake_floor(world.clock() - RECENT_MS)
    since = request.query_params.get("since_id")
    if since and int(since) < floor:
        raise invalid_error(
            f"'since_id' must be a tweet id created after the last 7 days. [{since}]", since_id=since
        )
    try:
        query = compile_query(world, text)
    except ValueError as error:
        raise invalid_error(f"There were errors processing your request: {error}", query=text) from None
    list_name = f"search {text}"
    token = parameters.parse_page_token(request, list_name, "next_token", "pagination_token")
    if token is not None:
        below = token if below is None else min(below, token)
    timeline = world.timeline(*query.source)
    matching = (
        post
        for post in timeline.newest_first(below=below, above=max(above or 0, floor))
        if query.matches(post)
    )
    posts, follows = take_up_to(matching, size)
    return build_page(world, posts, follows, list_name, fields, previous=False)


def _version(world: World, tweet_id: str) -> tuple[Message, Version | None] | None:
    """Find a post by the id of any of its versions. The old ones keep their old text."""
    message = world.messages.get(tweet_id)
    if message is None or message.network != "x" or message.is_direct or message.deleted_at:
        return None
    return message, next((version for version in message.versions if version.id == tweet_id), None)


def lookup(world: World, who: Principal, request: Request) -> Body:
    """`/2/tweets?ids=`: what is gone comes back in `errors[]` of a 200."""
    who.need("tweet.read", "users.read")
    fields = parameters.parse_wanted(request, "ids")
    ids = [post_id for post_id in request.query_params.get("ids", "").split(",") if post_id]
    if not 1 <= len(ids) <= 100:
        raise invalid_error(
            f"The `ids` query parameter has {len(ids)} values; 1 to 100 are allowed", ids=",".join(ids)[:200]
        )
    includes, data, errors = Includes(), [], []
    for post_id in ids:
        post = _version(world, parameters.require_identifier("ids", post_id))
        if post is None:
            errors.append(gone_entry("tweet", "ids", post_id))
        else:
            data.append(tweet(world, post[0], fields, includes, post[1]))
    body: Body = {"data": data} if data else {}
    if extra := included(world, includes, fields):
        body["includes"] = extra
    if errors:
        body["errors"] = errors
    return body


def single(world: World, who: Principal, request: Request) -> Body:
    who.need("tweet.read", "users.read")
    fields = parameters.parse_wanted(request)
    tweet_id = parameters.require_identifier("id", request.path_params["tweet_id"])
    post = _version(world, tweet_id)
    if post is None:
        return {"errors": [gone_entry("tweet", "id", tweet_id)]}
    includes = Includes()
    body: Body = {"data": tweet(world, post[0], fields, includes, post[1])}
    if extra := included(world, includes, fields):
        body["includes"] = extra
    return body


def me(world: World, who: Principal, request: Request) -> Body:
    who.need("users.read")
    fields = parameters.parse_wanted(request, expansions=parameters.USER_EXPANSIONS)
    person = world.person("x", who.account.remote_id)
    if person is None:
        raise missing_error("user", "id", who.account.remote_id)
    return {"data": user(person, fields.user)}


def users(world: World, who: Principal, request: Request) -> Body:
    """`/2/users?ids=`, `/2/users/by?usernames=`, `/2/users/:id`, `/2/users/by/username/:username`."""
    who.need("users.read")
    fields = parameters.parse_wanted(request, "ids", "usernames", expansions=parameters.USER_EXPANSIONS)
    single_value = request.path_params.get("user_id") or request.path_params.get("username")
    by_name = "username" in request.path_params or "usernames" in request.query_params
    name = ("username" if single_value else "usernames") if by_name else ("id" if single_value else "ids")
    values = (
        [single_value]
        if single_value
        else [part for part in request.query_params.get(name, "").split(",") if part]
    )
    if not 1 <= len(values) <= 100:
        raise invalid_error(
            f"The `{name}` query parameter needs 1 to 100 values", **{name: ",".join(values)[:200]}
        )
    data, errors = [], []
    for value in values:
        person = (
            world.find_person_by_handle("x", value)
            if by_name
            else world.person("x", parameters.require_identifier(name, value))
        )
        if person is None:
            errors.append(gone_entry("user", name, value))
        else:
            data.append(user(person, fields.user))
    body: Body = {"data": data[0] if single_value else data} if data else {}
    if errors:
        body["errors"] = errors
    return body
