"""Poll one page of one of a Page's streams: comments, visitor posts and tags, Messenger.

Comments: under the Page's newest posts and single photos of albums, then under its older posts (a few pages in each
walk), its visitors' posts and, on a sweep, its advertisements (`parts`), each with their new comments and nested
replies in the same request. When nothing is new, a round costs two to four requests, a sweep up to twenty more.
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
    MissingPermission,
    NetworkError,
    PollResult,
    Rejected,
    StreamKind,
    UnreadableItem,
)
from networks.facebook import contents, errors, owing, parse, parts, requests
from networks.facebook.cursor import cursor_from_walk, final_cursor, start_walk
from networks.facebook.walk import (
    MAX_RESTARTS,
    Inner,
    Walk,
    needs_closing_round,
    next_page_params,
    note_messages_seen,
    note_page_read,
    restart_walk,
    start_closing_round,
)
from networks.transport import HTTPAnswer

#: The age of the oldest messages that the first poll of Messenger reads.
FIRST_POLL_HISTORY = dt.timedelta(days=30)
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
        if self.stream not in parts.EDGES:
            raise Rejected(f"Facebook has no stream called {self.stream}.", code="unknown_stream")
        walk = start_walk(cursor, self.now, FIRST_POLL_HISTORY if self.stream == "direct" else None)
        try:
            if walk.queue:
                return self._poll_inner(walk)
            return self._poll_photos(walk) if walk.photos else self._poll_outer(walk)
        except (Rejected, Gone, MissingPermission) as refusal:
            found_way = self._go_round(walk, refusal)
        return self._build_result(found_way, [], [], None)

    @property
    def _clock(self) -> int:
        return int(self.now.timestamp())

    def _ask(self, call: Callable[[], object]) -> HTTPAnswer:
        return self.send_request(call, STREAM_SCOPES[self.stream])

    def _part(self, walk: Walk) -> str:
        return parts.current_part(walk, self.stream)

    def _go_round(self, walk: Walk, refusal: NetworkError) -> Walk:
        """Return the walk past something that Graph refuses; raise a refusal of the whole."""
        hidden, part = isinstance(refusal, CannotRead | Gone), self._part(walk)
        if walk.queue and hidden:
            return owing.owe_inner(replace(walk, queue=walk.queue[1:]), walk.queue[0], self._clock)
        if walk.photos and not walk.queue and not isinstance(refusal, MissingPermission):
            return self._go_round_photos(walk)
        if part == "ads_posts" and not walk.queue:
            return replace(walk, outer_done=True, ads_refused=self._clock)
        # Error 100 for a request that differs from a valid one only in its page token: the token has expired.
        paged = bool(walk.queue[0].params if walk.queue else walk.after)
        if hidden or not paged or refusal.code.partition("/")[0] != "100":
            raise refusal
        return self._recover_from_loop(walk)

    def _go_round_photos(self, walk: Walk) -> Walk:
        """Graph refuses several photos for one of them: halve them until it is found."""
        batch, *rest = walk.photos
        if "," in batch:
            return replace(walk, photos=(*contents.halve_batch(batch), *rest))
        photo = Inner(batch, {}, parts.part_floor(walk, self._part(walk), self._clock), walk.edge)
        return owing.owe_inner(replace(walk, photos=tuple(rest)), photo, self._clock)

    def _poll_outer(self, walk: Walk) -> PollResult:
        part = self._part(walk)
        floor = parts.part_floor(walk, part, self._clock)
        edge = "published_posts" if part == "older" else part
        arguments = requests.outer_arguments(self.stream, walk.after, self.limit, floor)
        answer = self._ask(lambda: self.graph.get_connections(self.own_id, edge, **arguments))
        document = contents.require_sound_page(answer)
        messages: Messages = []
        unreadable: list[UnreadableItem] = []
        updated = 0
        containers = list(wire.as_list(document["data"]))
        for container in containers:
            if self.stream == "visitor_posts":
                parsed, bad, more = *wire.parse_items([container], self._parse_visitor_post), None
            else:
                parsed, bad, more = self._parse_contents(container, walk)
            messages += parsed
            unreadable += bad
            walk = replace(walk, queue=(*walk.queue, more)) if more is not None else walk
            updated = contents.seconds_of(container, "updated_time") or updated
            walk = replace(walk, top=max(walk.top, updated) if walk.pages == 0 else walk.top)
        walk = self._note_posts(note_messages_seen(walk, messages, self.now), containers)
        walk = replace(walk, pages=walk.pages + 1, outer=walk.outer + len(containers))
        following = next_page_params(document.get("paging"))
        walk = self._turn_page(walk, following, updated)
        return self._build_result(walk, messages, unreadable, answer)

    def _turn_page(self, walk: Walk, following: Mapping[str, str] | None, updated: int) -> Walk:
        """Return the walk at its next page or its part's end."""
        part = self._part(walk)
        reached = walk.stop is not None and 0 < updated < walk.stop and self.stream == "direct"
        full = self.stream == "comments" and walk.outer >= parts.posts_limit(walk, part)
        if following is None or reached or full:
            return parts.end_part(walk, part, following, self._clock)
        noted = note_page_read(walk, f"outer {walk.edge}", following)
        if noted is None:
            return self._recover_from_loop(walk)
        older = noted.older._replace(after=following) if part == "older" else noted.older
        return replace(noted, after=following, older=older)

    def _note_posts(self, walk: Walk, containers: list[Any]) -> Walk:
        """Record the posts of a page: photos of albums to read, which owed posts still stand, the oldest one."""
        part, seen = self._part(walk), [str(wire.as_mapping(container).get("id")) for container in containers]
        if self.stream != "comments" or part == "feed":
            return owing.note_listed(walk, seen)
        photos = [photo for container in containers for photo in contents.photo_ids(container)]
        walk = owing.note_listed(walk, seen + photos)
        if part == "published_posts":
            times = [contents.seconds_of(container, "created_time") for container in containers]
            walk = replace(walk, oldest=min([walk.oldest or self._clock, *filter(None, times)]))
            if not walk.sweep:
                photos = photos[
                    : max(contents.PHOTOS_AT_ONCE - contents.PHOTOS_AT_ONCE * len(walk.photos), 0)
                ]
        return replace(walk, photos=(*walk.photos, *contents.in_batches(photos)))

    def _poll_photos(self, walk: Walk) -> PollResult:
        """Read the comments under single photos of albums."""
        batch, *rest = walk.photos
        ids = batch.split(",")
        floor = parts.part_floor(walk, self._part(walk), self._clock)
        fields = f"id,{requests.comment_fields(self.limit, floor)}"
        if len(ids) > 1:
            answer = self._ask(lambda: self.graph.get_objects(ids, fields=fields))
            answered = wire.as_mapping(answer.document)
        else:
            answer = self._ask(lambda: self.graph.get_object(batch, fields=fields))
            answered = {batch: answer.document}
        walk = replace(walk, photos=(*rest, *(photo for photo in ids if photo not in answered)))
        messages: Messages = []
        unreadable: list[UnreadableItem] = []
        for photo in ids:
            parsed, bad, more = self._parse_contents(
                {**wire.as_mapping(answered.get(photo)), "id": photo}, walk
            )
            messages += parsed
            unreadable += bad
            walk = replace(walk, queue=(*walk.queue, more)) if more is not None else walk
        return self._build_result(note_messages_seen(walk, messages, self.now), messages, unreadable, answer)

    def _parse_contents(
        self, container: Any, walk: Walk
    ) -> tuple[Messages, list[UnreadableItem], Inner | None]:
        """Parse the comments of a post or the messages of a conversation.

        Returns those included in the page, the unreadable ones, and where to read the rest (None: nowhere).
        """
        if not isinstance(container, Mapping):
            text = container.text if isinstance(container, wire.BrokenItem) else container
            return [], [UnreadableItem(raw=text, error="a post or conversation that is not an object")], None
        inner = container.get("comments" if self.stream == "comments" else "messages")
        owner = wire.optional_text(container.get("id"))
        read_already = self.stream == "comments" and self._part(walk) == "feed" and self._is_own(container)
        if inner is None or read_already:
            return [], [], None
        floor = parts.part_floor(walk, self._part(walk), self._clock)
        rest = Inner(owner, {}, floor, walk.edge, contents.seconds_of(container, "created_time"))
        if not isinstance(inner, Mapping) or not isinstance(inner.get("data"), list):
            return [], [], rest if owner else None
        link = wire.optional_text(container.get("link"))
        messages, unreadable = wire.parse_items(inner["data"], self._item_parser(owner, walk.edge, link))
        following = next_page_params(inner.get("paging"))
        goes_on = owner and following and not contents.reaches_below(messages, floor)
        more = rest._replace(params=following) if goes_on and following else None
        return self._drop_below_floor(messages, floor), unreadable, more

    def _poll_inner(self, walk: Walk) -> PollResult:
        inner = walk.queue[0]
        arguments = requests.inner_arguments(self.stream, inner, self.limit)
        edge = "comments" if self.stream == "comments" else "messages"
        answer = self._ask(lambda: self.graph.get_connections(inner.owner, edge, **arguments))
        document = contents.require_sound_page(answer)
        messages, unreadable = wire.parse_items(document["data"], self._item_parser(inner.owner, inner.edge))
        following = next_page_params(document.get("paging"))
        walk = note_messages_seen(walk, messages, self.now)
        rest = walk.queue[1:]
        if following is None or contents.reaches_below(messages, inner.floor):
            walk = replace(walk, queue=rest)
        else:
            noted = note_page_read(walk, inner.owner, following)
            walk = (
                self._recover_from_loop(walk)
                if noted is None
                else replace(noted, queue=(inner._replace(params=following), *rest))
            )
        return self._build_result(walk, self._drop_below_floor(messages, inner.floor), unreadable, answer)

    def _item_parser(self, owner: str, edge: int, link: str = "") -> Callable[[Any], InboundMessage | None]:
        if self.stream == "comments":
            under_own = parts.EDGES["comments"][edge] != "feed"
            return lambda item: parse.parse_facebook_comment(item, owner, self.own_id, under_own=under_own)
        return lambda item: parse.parse_messenger_message(item, self.own_id, owner, link)

    def _is_own(self, container: Mapping[str, Any]) -> bool:
        return str(wire.as_mapping(container.get("from")).get("id")) == self.own_id

    def _parse_visitor_post(self, item: Any) -> InboundMessage | None:
        """Parse a visitor's post; None for a post by the Page itself.

        The Page's own posts are not messages to it.
        """
        post = parse.parse_facebook_post(item, self.own_id)
        return None if post.author.is_self else post

    def _drop_below_floor(self, messages: Messages, floor: int | None) -> Messages:
        """Drop messages that are older than the floor.

        Messenger has no `since` and repeats its newest 25 messages each time.
        """
        if self.stream != "direct" or floor is None:
            return messages
        return [message for message in messages if message.created_at.timestamp() >= floor]

    def _recover_from_loop(self, walk: Walk) -> Walk:
        """Return the walk after a page token that loops or has expired.

        The walk restarts up to `MAX_RESTARTS` times. After that it skips this edge and is marked as lossy.
        """
        if self._part(walk) == "older" and not walk.queue:
            return parts.restart_pass(walk)
        if walk.restarts < MAX_RESTARTS:
            return restart_walk(walk)
        if walk.queue:
            return replace(walk, queue=walk.queue[1:], lossy=True)
        return replace(walk, outer_done=True, lossy=True)

    def _build_result(
        self, walk: Walk, messages: Messages, unreadable: list[UnreadableItem], answer: HTTPAnswer | None
    ) -> PollResult:
        over = walk.outer_done and not walk.queue and not walk.photos
        if over and (entered := parts.next_part(walk, self.stream, self._clock)) is not None:
            walk, over = entered, False
        elif over and self.stream == "direct" and needs_closing_round(walk):
            walk, over = start_closing_round(walk), False
        if over:
            walk = owing.settle_owed(walk, self._clock, direct=self.stream == "direct")
        return PollResult(
            messages=tuple(messages),
            next_cursor=final_cursor(walk) if over else cursor_from_walk(walk),
            has_more=not over,
            unreadable=tuple(unreadable),
            budget=errors.read_facebook_budget(answer, self.now),
            overflowed=over and walk.lossy,
            unread=owing.unread_parts(walk, self.stream) if over else None,
        )
