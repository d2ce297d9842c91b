"""Poll one page of one of a Page's streams: comments, visitor posts and tags, Messenger.

Comments: the Page's newest `NEWEST_POSTS` posts, then its visitors' newest (`NEWEST_POSTS`, and `SWEPT_POSTS`
on a sweep), each with their new comments and nested replies in the same request. Comments on older posts
arrive by webhook. When nothing is new, a round costs two requests, a sweep up to ten more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import facebook

from networks import wire
from networks.base import (
    CannotRead,
    Gone,
    InboundMessage,
    JSONObject,
    PollResult,
    Rejected,
    RetryLater,
    StreamKind,
    UnreadableItem,
)
from networks.facebook import errors, parse
from networks.facebook.walk import (
    MAX_RESTARTS,
    Params,
    Walk,
    cursor_from_walk,
    final_cursor,
    needs_closing_round,
    next_page_params,
    note_messages_seen,
    note_page_read,
    restart_walk,
    start_closing_round,
    start_walk,
)
from networks.transport import HTTPAnswer

NEWEST_POSTS = 100
SWEPT_POSTS = 1000
#: The age of the oldest messages that the first poll of Messenger reads.
FIRST_POLL_HISTORY = dt.timedelta(days=30)
_FIRST_LIMIT, _INNER_LIMIT, _CONVERSATIONS_LIMIT, _PAGE_LIMIT = 25, 25, 25, 100
_EDGES: dict[str, tuple[str, ...]] = {
    "comments": ("published_posts", "feed"),
    "visitor_posts": ("feed", "tagged"),
    "direct": ("conversations",),
}
STREAM_SCOPES: dict[str, str] = {
    "comments": "pages_read_user_content",
    "visitor_posts": "pages_read_user_content",
    "direct": "pages_messaging",
}
RequestSender = Callable[[Callable[[], object], str], HTTPAnswer]
Messages = list[InboundMessage]


@dataclass(frozen=True, slots=True)
class FacebookPoller:
    """The parts needed to poll a round: the library, the function that sends requests, the Page."""

    graph: facebook.GraphAPI
    send_request: RequestSender
    own_id: str
    stream: StreamKind
    limit: int
    now: dt.datetime

    def poll_page(self, cursor: JSONObject) -> PollResult:
        """Poll the next page of the walk in `cursor`.

        After any `NetworkError` the cursor can be used again.
        """
        if self.stream not in _EDGES:
            raise Rejected(f"Facebook has no stream called {self.stream}.", code="unknown_stream")
        walk = start_walk(cursor, self.now, FIRST_POLL_HISTORY if self.stream == "direct" else None)
        paged = bool(walk.queue[0][1] if walk.queue else walk.after)
        try:
            return self._poll_inner(walk) if walk.queue else self._poll_outer(walk)
        except (Gone, CannotRead):
            if not walk.queue:
                raise
            return self._build_result(replace(walk, queue=walk.queue[1:]), [], [], None)
        except Rejected as error:
            # Error 100 for a request that differs from a valid one only in its page token: the token has expired.
            if not paged or error.code.partition("/")[0] != "100":
                raise
            return self._build_result(self._recover_from_loop(walk), [], [], None)

    def _poll_outer(self, walk: Walk) -> PollResult:
        answer = self.send_request(self._outer_request(walk), STREAM_SCOPES[self.stream])
        document = _require_sound_page(answer)
        messages: Messages = []
        unreadable: list[UnreadableItem] = []
        queue = list(walk.queue)
        updated = 0
        containers = wire.as_list(document["data"])
        for container in containers:
            if self.stream == "visitor_posts":
                parsed, bad, more = *wire.parse_items([container], self._parse_visitor_post), None
            else:
                parsed, bad, more = self._parse_contents(container, walk)
            messages += parsed
            unreadable += bad
            if more is not None:
                queue.append(more)
            updated = _updated_seconds(container) or updated
            walk = replace(walk, top=max(walk.top, updated) if walk.pages == 0 else walk.top)
        walk = note_messages_seen(walk, messages, self.now)
        walk = replace(
            walk, pages=walk.pages + 1, outer=walk.outer + len(document["data"]), queue=tuple(queue)
        )
        following = next_page_params(document.get("paging"))
        reached = walk.stop is not None and 0 < updated < walk.stop and self.stream == "direct"
        if (
            following is None
            or reached
            or (self.stream == "comments" and walk.outer >= self._posts_limit(walk))
        ):
            return self._build_result(replace(walk, outer_done=True), messages, unreadable, answer)
        noted = note_page_read(walk, f"outer {walk.edge}", following)
        walk = self._recover_from_loop(walk) if noted is None else replace(noted, after=following)
        return self._build_result(walk, messages, unreadable, answer)

    @staticmethod
    def _posts_limit(walk: Walk) -> int:
        return SWEPT_POSTS if walk.sweep and walk.edge else NEWEST_POSTS

    def _outer_request(self, walk: Walk) -> Callable[[], object]:
        edge = _EDGES[self.stream][walk.edge]
        since = walk.floor
        args: dict[str, Any] = dict(walk.after or {})
        inner = min(self.limit, _INNER_LIMIT)
        if self.stream == "comments":
            below = f".since({since})" if since else ""
            modifiers = f".filter(stream).order(reverse_chronological).limit({inner}){below}"
            args["fields"] = f"id,from,comments{modifiers}{{{parse.COMMENT_FIELDS}}}"
            # Without `since` every post returns comments, and Graph refuses requests whose answer is too large.
            args["limit"] = min(self.limit, _PAGE_LIMIT if since else _FIRST_LIMIT)
        elif self.stream == "visitor_posts":
            args |= {"fields": parse.POST_FIELDS, "limit": min(self.limit, _PAGE_LIMIT)}
            if since:
                args["since"] = since
        else:
            args["fields"] = f"id,updated_time,messages.limit({inner}){{{parse.MESSAGE_FIELDS}}}"
            args |= {"platform": "messenger", "limit": min(self.limit, _CONVERSATIONS_LIMIT)}
        return lambda: self.graph.get_connections(self.own_id, edge, **args)

    def _parse_contents(
        self, container: Any, walk: Walk
    ) -> tuple[Messages, list[UnreadableItem], tuple[str, Params] | None]:
        """Parse the comments of a post or the messages of a conversation.

        Returns those included in the page, the unreadable ones, and where to read the rest (None when there
        is no more).
        """
        if not isinstance(container, Mapping):
            text = container.text if isinstance(container, wire.BrokenItem) else container
            return [], [UnreadableItem(raw=text, error="a post or conversation that is not an object")], None
        inner = container.get("comments" if self.stream == "comments" else "messages")
        owner = wire.optional_text(container.get("id"))
        read_already = self.stream == "comments" and walk.edge and self._is_own(container)
        if inner is None or read_already:
            return [], [], None
        if not isinstance(inner, Mapping) or not isinstance(inner.get("data"), list):
            return [], [], (owner, {}) if owner else None
        messages, unreadable = wire.parse_items(inner["data"], self._item_parser(owner, walk))
        following = next_page_params(inner.get("paging"))
        more = (
            (owner, following) if owner and following and not _reaches_below(messages, walk.floor) else None
        )
        return self._drop_below_floor(messages, walk), unreadable, more

    def _poll_inner(self, walk: Walk) -> PollResult:
        owner, params = walk.queue[0]
        answer = self.send_request(self._inner_request(walk, owner, params), STREAM_SCOPES[self.stream])
        document = _require_sound_page(answer)
        messages, unreadable = wire.parse_items(document["data"], self._item_parser(owner, walk))
        following = next_page_params(document.get("paging"))
        walk = note_messages_seen(walk, messages, self.now)
        rest = walk.queue[1:]
        if following is None or _reaches_below(messages, walk.floor):
            walk = replace(walk, queue=rest)
        else:
            noted = note_page_read(walk, owner, following)
            walk = (
                self._recover_from_loop(walk)
                if noted is None
                else replace(noted, queue=((owner, following), *rest))
            )
        return self._build_result(walk, self._drop_below_floor(messages, walk), unreadable, answer)

    def _inner_request(self, walk: Walk, owner: str, params: Params) -> Callable[[], object]:
        args: dict[str, Any] = dict(params) | {"limit": min(self.limit, _PAGE_LIMIT)}
        if self.stream == "comments":
            args |= {
                "fields": parse.COMMENT_FIELDS,
                "filter": "stream",
                "order": "reverse_chronological",
            }
            if walk.floor:
                args["since"] = walk.floor
            return lambda: self.graph.get_connections(owner, "comments", **args)
        args["fields"] = parse.MESSAGE_FIELDS
        return lambda: self.graph.get_connections(owner, "messages", **args)

    def _item_parser(self, owner: str, walk: Walk) -> Callable[[Any], InboundMessage | None]:
        if self.stream == "comments":
            under_own = _EDGES["comments"][walk.edge] == "published_posts"
            return lambda item: parse.parse_facebook_comment(item, owner, self.own_id, under_own=under_own)
        return lambda item: parse.parse_messenger_message(item, self.own_id, owner)

    def _is_own(self, container: Mapping[str, Any]) -> bool:
        return str(wire.as_mapping(container.get("from")).get("id")) == self.own_id

    def _parse_visitor_post(self, item: Any) -> InboundMessage | None:
        """Parse a visitor's post; None for a post by the Page itself.

        The Page's own posts are not messages to it.
        """
        post = parse.parse_facebook_post(item, self.own_id)
        return None if post.author.is_self else post

    def _drop_below_floor(self, messages: Messages, walk: Walk) -> Messages:
        """Drop messages that are older than the floor.

        Messenger has no `since` and repeats its newest 25 messages each time.
        """
        if self.stream != "direct" or walk.floor is None:
            return messages
        return [message for message in messages if message.created_at.timestamp() >= walk.floor]

    def _recover_from_loop(self, walk: Walk) -> Walk:
        """Return the walk after a page token that loops or has expired.

        The walk restarts up to `MAX_RESTARTS` times. After that it skips this edge and is marked as lossy.
        """
        if walk.restarts < MAX_RESTARTS:
            return restart_walk(walk)
        if walk.queue:
            return replace(walk, queue=walk.queue[1:], lossy=True)
        return replace(walk, outer_done=True, lossy=True)

    def _build_result(
        self, walk: Walk, messages: Messages, unreadable: list[UnreadableItem], answer: HTTPAnswer | None
    ) -> PollResult:
        over = walk.outer_done and not walk.queue
        if over and walk.edge + 1 < len(_EDGES[self.stream]):
            walk, over = replace(walk, edge=walk.edge + 1, after=None, outer=0, outer_done=False), False
        elif over and self.stream == "direct" and needs_closing_round(walk):
            walk, over = start_closing_round(walk), False
        return PollResult(
            messages=tuple(messages),
            next_cursor=final_cursor(walk) if over else cursor_from_walk(walk),
            has_more=not over,
            unreadable=tuple(unreadable),
            budget=errors.read_facebook_budget(answer, self.now),
            overflowed=over and walk.lossy,
        )


def _require_sound_page(answer: HTTPAnswer) -> Mapping[str, Any]:
    """Return a page's document.

    Raises `RetryLater` when it has no list: treated as an empty page, it would end the walk early.
    """
    document = wire.as_mapping(answer.document)
    if not isinstance(document.get("data"), list):
        raise RetryLater("Facebook: an answer that makes no sense.", code="malformed")
    return document


def _reaches_below(messages: Messages, floor: int | None) -> bool:
    return floor is not None and any(message.created_at.timestamp() < floor for message in messages)


def _updated_seconds(container: object) -> int:
    try:
        return int(wire.require_time(wire.as_mapping(container).get("updated_time")).timestamp())
    except ValueError:
        return 0
