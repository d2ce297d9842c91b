"""Poll one page of one of an X account's streams."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tweepy

from networks import transport, wire
from networks.base import (
    Budget,
    InboundMessage,
    JSONObject,
    NetworkError,
    PollResult,
    Rejected,
    RetryLater,
    StreamKind,
)
from networks.transport import HTTPAnswer
from networks.x import errors, parse
from networks.x.included import EVENT_EXPANSIONS, POST_EXPANSIONS, Included
from networks.x.window import MAX_RESTARTS, MENTIONS_REACH, Window, advance_window, open_window

POST_PARAMS: dict[str, Any] = {
    "tweet_fields": [
        "author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities",
        "in_reply_to_user_id", "note_tweet", "referenced_tweets", "attachments",
    ],
    "user_fields": ["name", "username", "profile_image_url", "public_metrics", "verified"],
    "media_fields": ["type", "url", "preview_image_url", "alt_text"],
    "poll_fields": ["options"],
    "expansions": list(POST_EXPANSIONS),
}  # fmt: skip
EVENT_PARAMS: dict[str, Any] = {
    "dm_event_fields": [
        "id",
        "text",
        "event_type",
        "created_at",
        "dm_conversation_id",
        "sender_id",
        "attachments",
        "entities",
        "referenced_tweets",
    ],
    "tweet_fields": ["author_id", "entities", "note_tweet"],
    "user_fields": POST_PARAMS["user_fields"],
    "media_fields": POST_PARAMS["media_fields"],
    "expansions": list(EVENT_EXPANSIONS),
    "event_types": "MessageCreate",
}
#: Search finds posts of the last 7 days and refuses an older `since_id`.
SEARCH_REACH = dt.timedelta(days=7) - dt.timedelta(hours=1)
STREAM_SCOPES: dict[str, str] = {"mentions": "tweet.read", "comments": "tweet.read", "direct": "dm.read"}


def conversation_query(own_id: str) -> str:
    """Return the search query for answers to the brand and by it.

    `to:` and `from:` accept ids, so that a changed handle makes no difference.
    """
    return f"(to:{own_id} OR from:{own_id}) is:reply -is:retweet"


def read_x_budget(answer: HTTPAnswer | None) -> Budget:
    """Read the rate limit of the current 15 minutes from the headers."""
    headers = answer.headers if answer else {}
    return Budget(
        limit=transport.parse_header_count(headers.get("x-rate-limit-limit")),
        remaining=transport.parse_header_count(headers.get("x-rate-limit-remaining")),
        resets_at=transport.parse_header_time(headers.get("x-rate-limit-reset")),
    )


def _refuses_page_token(refusal: NetworkError, answer: HTTPAnswer | None) -> bool:
    """Tell whether X refused a page token. Page tokens expire."""
    return any(errors.names_parameter(refusal, answer, name) for name in ("pagination_token", "next_token"))


@dataclass(frozen=True, slots=True)
class XPoller:
    """The parts needed to poll a page: the library, the function that sends requests, the account."""

    client: tweepy.Client
    transport: transport.Transport
    send_request: Callable[[Callable[[], object], str], HTTPAnswer]
    own_id: str
    stream: StreamKind
    limit: int
    now: dt.datetime
    user_auth: bool

    def poll_page(self, cursor: JSONObject) -> PollResult:
        """Poll the next page of the window in `cursor`.

        Mentions and comments are requested with `since_id`; direct has no such parameter and is paged until a
        known event. Comments are the answers to the brand (`to:`) and the brand's own answers, so that
        answers written elsewhere are seen, too. Search reaches 7 days back. Known messages are returned again,
        because X may show a message only after newer ones.
        """
        oldest = self.now - SEARCH_REACH if self.stream == "comments" else None
        window = open_window(Window.from_cursor(cursor), self.now, oldest)
        try:
            return self._poll_window(window)
        except Rejected as error:
            answer, refusal = self.transport.answer, error
        if window.page and window.restarts < MAX_RESTARTS and _refuses_page_token(refusal, answer):
            return PollResult((), window.restart().to_cursor(), has_more=True, budget=read_x_budget(answer))
        if window.since and errors.names_parameter(refusal, answer, "since_id"):
            # Search refuses ids older than 7 days: read everything it still has and report a possible gap.
            page = self._poll_window(open_window(Window(), self.now))
            return PollResult(
                page.messages, page.next_cursor, page.has_more, page.unreadable, page.budget, 2, True
            )
        raise refusal

    def _poll_window(self, window: Window) -> PollResult:
        stream = self.stream
        size = min(max(self.limit, 10 if stream == "comments" else 5), 100)
        answer = self.send_request(self._build_request(window, size), STREAM_SCOPES.get(stream, ""))
        document = wire.as_mapping(answer.document)
        meta = wire.as_mapping(document.get("meta"))
        items = document.get("data")
        # Treated as an empty page, this would end the window early or skip the posts that X says it has.
        promised = meta.get("result_count")
        if not (isinstance(items, list) and (items or not promised)) and (items is not None or promised != 0):
            raise RetryLater("X sent a response that could not be read.", code="malformed")
        included = Included.from_document(document)

        def read(item: Any) -> InboundMessage | None:
            if stream == "direct":
                return parse.parse_x_direct_message(item, self.own_id, included)
            return parse.parse_x_post(item, stream, self.own_id, included)

        messages, unreadable = wire.parse_items(items, read)
        ids = [message.remote_id.removeprefix(parse.DM_PREFIX) for message in messages]
        next_token = meta.get("next_token")
        if stream == "direct" and any(int(post_id) <= int(window.floor or 0) for post_id in ids):
            next_token = None
        reach = MENTIONS_REACH if stream == "mentions" else 0
        step = advance_window(window, ids, next_token, size, self.now, reach)
        return PollResult(
            messages=tuple(messages),
            next_cursor=step.cursor,
            has_more=step.has_more,
            unreadable=tuple(unreadable),
            budget=read_x_budget(answer),
            overflowed=step.overflowed,
        )

    def _build_request(self, window: Window, size: int) -> Callable[[], object]:
        stream, auth, own = self.stream, self.user_auth, self.own_id
        since = {"since_id": window.floor} if window.floor else {}
        page = {"pagination_token": window.page} if window.page else {}
        if stream == "mentions":
            return lambda: self.client.get_users_mentions(
                own, max_results=size, user_auth=auth, **POST_PARAMS, **since, **page
            )
        if stream == "comments":
            token = {"next_token": window.page} if window.page else {}
            return lambda: self.client.search_recent_tweets(
                conversation_query(own), max_results=size, user_auth=auth, **POST_PARAMS, **since, **token
            )
        if stream == "direct":
            return lambda: self.client.get_direct_message_events(
                max_results=size, user_auth=auth, **EVENT_PARAMS, **page
            )
        raise Rejected(f"X has no stream called {stream}.", code="unknown_stream")
