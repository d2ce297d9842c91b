"""The requests to Graph's edges: fields, limits, how far back. Pure: names and arguments."""

from __future__ import annotations

from typing import Any

from networks.facebook import contents, parse
from networks.facebook.walk import Inner, Params

_FIRST_LIMIT, _INNER_LIMIT, _CONVERSATIONS_LIMIT, _PAGE_LIMIT = 25, 25, 25, 100


def comment_fields(limit: int, floor: int | None) -> str:
    """Return the field that holds the newest comments and nested replies."""
    below = f".since({floor})" if floor else ""
    modifiers = f".filter(stream).order(reverse_chronological).limit({min(limit, _INNER_LIMIT)}){below}"
    return f"comments{modifiers}{{{parse.COMMENT_FIELDS}}}"


def outer_arguments(stream: str, after: Params | None, limit: int, floor: int | None) -> dict[str, Any]:
    """Return the arguments for a page of an outer edge."""
    arguments: dict[str, Any] = dict(after or {})
    if stream == "comments":
        arguments["fields"] = f"id,from,created_time,{contents.ALBUM_FIELDS},{comment_fields(limit, floor)}"
        # Without `since` every post returns comments, and Graph refuses requests whose answer is too large.
        arguments["limit"] = min(limit, _PAGE_LIMIT if floor else _FIRST_LIMIT)
    elif stream == "visitor_posts":
        arguments |= {"fields": parse.POST_FIELDS, "limit": min(limit, _PAGE_LIMIT)}
        if floor:
            arguments["since"] = floor
    else:
        inner = min(limit, _INNER_LIMIT)
        arguments["fields"] = f"id,link,updated_time,messages.limit({inner}){{{parse.MESSAGE_FIELDS}}}"
        arguments |= {"platform": "messenger", "limit": min(limit, _CONVERSATIONS_LIMIT)}
    return arguments


def inner_arguments(stream: str, inner: Inner, limit: int) -> dict[str, Any]:
    """Return the arguments for a page of comments or messages."""
    arguments: dict[str, Any] = dict(inner.params) | {"limit": min(limit, _PAGE_LIMIT)}
    if stream != "comments":
        return arguments | {"fields": parse.MESSAGE_FIELDS}
    arguments |= {"fields": parse.COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological"}
    if inner.floor:
        arguments["since"] = inner.floor
    return arguments
