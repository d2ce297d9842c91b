"""X (API v2) through tweepy.

Limits and prices: docs.x.com/x-api/fundamentals/rate-limits and .../getting-started/pricing. The response
headers are authoritative, and every `PollResult` carries them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

from networks import transport, wire
from networks.base import (
    CannotRead,
    Capabilities,
    Credentials,
    Gone,
    InboundMessage,
    JSONObject,
    OutgoingMessage,
    OwnAccount,
    PollResult,
    Rejected,
    RetryLater,
    SentMessage,
    StreamKind,
    Visibility,
)
from networks.presence import KnownMessage, Presence
from networks.transport import HTTPAnswer
from networks.x import auth, errors, find, length, parse, webhook
from networks.x.blind_spots import BLIND_SPOTS
from networks.x.included import EVENT_EXPANSIONS
from networks.x.poll import EVENT_PARAMS, POST_PARAMS, XPoller

_LOOKUP_SIZE = 100


class XConnector:
    """One brand account on X."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        network="x",
        label="X",
        streams=("mentions", "comments", "direct"),
        max_length=280,
        max_dm_length=10_000,
        length_unit="x_weighted",
        dm_length_unit="char",
        refused_characters=length.REFUSED_CHARACTERS,
        threading="tree",
        dm=True,
        like=True,
        hide=True,
        delete_own=True,
        private_reply=True,
        webhooks=True,
        blind_spots=BLIND_SPOTS,
        public_address="https://x.com/i/web/status/{id}",
    )

    def __init__(
        self, credentials: Credentials, *, api_url: str = "", clock: transport.Clock = transport.utc_now
    ) -> None:
        self.credentials = credentials
        self._own_id = credentials.remote_id
        self._api_url = api_url
        self._now = clock
        self._open_client()

    def _open_client(self) -> None:
        self._user_auth = auth.is_oauth1(self.credentials.secrets)
        self._client = auth.build_x_client(self.credentials.secrets)
        self._transport = transport.mount_transport(self._client.session, self._api_url)

    def _send_request(self, call: Callable[[], object], scope: str, *, write: bool = False) -> HTTPAnswer:
        """Send one request through the library; return its answer.

        Raises one of the contract's errors.
        """
        classify = partial(errors.classify_x_answer, write=write, now=self._now(), scope=scope)
        return transport.call_or_raise(self._transport, call, classify)

    def verify(self) -> OwnAccount:
        answer = self._send_request(
            lambda: self._client.get_me(user_auth=self._user_auth), scope="users.read"
        )
        user = wire.as_mapping(wire.as_mapping(answer.document).get("data"))
        try:
            remote_id, handle = parse.require_x_id(user.get("id")), wire.require_text(user.get("username"))
        except ValueError:
            raise RetryLater("X sent a response that could not be read.", code="malformed") from None
        scopes = auth.granted_scopes(self.credentials.secrets, answer.headers.get("x-access-level", ""))
        return OwnAccount(remote_id, handle, wire.optional_text(user.get("name")), scopes)

    def refresh_credentials(self) -> Credentials | None:
        """Return new OAuth 2 tokens when the old ones expire soon.

        None when they do not. The old refresh token is invalid from then on.
        """
        secrets, now = self.credentials.secrets, self._now()
        if not auth.must_refresh(secrets, now):
            return None
        form = {"grant_type": "refresh_token", "refresh_token": secrets["refresh_token"]}
        renewed = auth.request_token(self._client.session, self._transport, secrets, form, now)
        self.credentials = Credentials(self.credentials.network, self.credentials.remote_id, renewed)
        self._open_client()
        return self.credentials

    def poll(self, stream: StreamKind, cursor: JSONObject, limit: int = 100) -> PollResult:
        """Return one page of mentions, comments or direct.

        The same message may be returned again: deduplicate by id.
        """
        poller = XPoller(
            self._client,
            self._transport,
            self._send_request,
            self._own_id,
            stream,
            limit,
            self._now(),
            self._user_auth,
        )
        return poller.poll_page(cursor)

    def fetch(self, ids: Sequence[str]) -> dict[str, InboundMessage]:
        """Look up posts (100 per request) and direct messages (one per request).

        Raises `RetryLater` when the answer is incomplete, `CannotRead` when X withholds a post.
        """
        messages: dict[str, InboundMessage] = {}
        for chunk, document in self._look_up_posts(ids):
            if unreadable := find.read_presence(document, chunk).unreadable:
                raise CannotRead(f"X: {next(iter(unreadable.values()))}", code="not-authorized-for-resource")
            messages |= find.posts_by_id(document, self._own_id)
        for remote_id in ids:
            if remote_id.startswith(parse.DM_PREFIX) and (event := self._fetch_event(remote_id)):
                messages[remote_id] = event
        return messages

    def find_gone(self, messages: Sequence[KnownMessage]) -> Presence:
        """Look which messages were deleted: posts 100 per request, direct messages one per request."""
        ids = [message.remote_id for message in messages]
        looks = [find.read_presence(document, chunk) for chunk, document in self._look_up_posts(ids)]
        direct = [remote_id for remote_id in ids if remote_id.startswith(parse.DM_PREFIX)]
        gone = {remote_id for remote_id in direct if self._fetch_event(remote_id) is None}
        unreadable = {key: why for look in looks for key, why in look.unreadable.items()}
        return Presence(frozenset(gone.union(*(look.gone for look in looks))), unreadable)

    def _look_up_posts(self, ids: Sequence[str]) -> Iterator[tuple[list[str], JSONObject]]:
        """Yield the answers to look-ups of posts, each with its ids."""
        posts = [remote_id for remote_id in ids if not remote_id.startswith(parse.DM_PREFIX)]
        for start in range(0, len(posts), _LOOKUP_SIZE):
            chunk = posts[start : start + _LOOKUP_SIZE]
            call = partial(self._client.get_tweets, chunk, user_auth=self._user_auth, **POST_PARAMS)
            try:
                document = self._send_request(call, "tweet.read").document
            except (Gone, Rejected):
                # None of the posts can be read: the answer is a 200 that contains only errors.
                answer = self._transport.answer
                if answer is None or answer.status != 200:
                    raise
                document = answer.document
            yield chunk, wire.as_mapping(document)

    def _fetch_event(self, remote_id: str) -> InboundMessage | None:
        route = f"/2/dm_events/{parse.require_x_id(remote_id.removeprefix(parse.DM_PREFIX))}"
        fields = {
            "dm_event.fields": ",".join(EVENT_PARAMS["dm_event_fields"]),
            "expansions": ",".join(EVENT_EXPANSIONS),
        }
        call = lambda: self._client.request("GET", route, params=fields, user_auth=self._user_auth)  # noqa: E731
        try:
            document = wire.as_mapping(self._send_request(call, scope="dm.read").document)
        except Gone:
            return None
        return find.parse_looked_up_event(document, self._own_id)

    def reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        if not ref.get("tweet_id"):
            raise Rejected("This message cannot be answered in public on X.", code="not_public")
        answer = self._send_request(
            lambda: self._client.create_tweet(
                in_reply_to_tweet_id=ref["tweet_id"], text=draft.text, user_auth=self._user_auth
            ),
            scope="tweet.write",
            write=True,
        )
        return find.parse_x_sent_message(answer, "id")

    def send_dm(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        target = find.dm_target(ref)
        answer = self._send_request(
            lambda: self._client.create_direct_message(text=draft.text, user_auth=self._user_auth, **target),
            scope="dm.write",
            write=True,
        )
        return find.parse_x_sent_message(answer, "dm_event_id", parse.DM_PREFIX)

    def private_reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        return self.send_dm({"participant_id": ref.get("author_id")}, draft, client_key)

    def like(self, ref: JSONObject) -> None:
        # Not Client.like: it looks up our own id, which we know already, and caches it on the client for ever.
        self._send_request(
            lambda: self._client.request(
                "POST",
                f"/2/users/{self._own_id}/likes",
                json={"tweet_id": str(ref["tweet_id"])},
                user_auth=self._user_auth,
            ),
            scope="like.write",
            write=True,
        )

    def hide(self, ref: JSONObject, hidden: bool = True) -> None:
        change = self._client.hide_reply if hidden else self._client.unhide_reply
        self._send_request(
            lambda: change(ref["tweet_id"], user_auth=self._user_auth),
            scope="tweet.moderate.write",
            write=True,
        )

    def delete(self, remote_id: str) -> None:
        if remote_id.startswith(parse.DM_PREFIX):
            route = f"/2/dm_events/{remote_id.removeprefix(parse.DM_PREFIX)}"
            call = lambda: self._client.request("DELETE", route, user_auth=self._user_auth)  # noqa: E731
        else:
            call = lambda: self._client.delete_tweet(remote_id, user_auth=self._user_auth)  # noqa: E731
        self._send_request(call, scope="tweet.write", write=True)

    def find_own_message(
        self, ref: JSONObject, text: str, since: dt.datetime, visibility: Visibility
    ) -> SentMessage | None:
        """Find our answer with this text; None when there is none.

        It answers this message or belongs to this direct conversation. X rewrites links and adds @names,
        which the comparison ignores.
        """
        after = since - find.CLOCK_SKEW
        page = ""
        for _ in range(find.MAX_OWN_PAGES):
            more = {"pagination_token": page} if page else {}
            if visibility == "direct":
                call = lambda more=more: self._client.get_direct_message_events(  # noqa: E731
                    max_results=100, user_auth=self._user_auth, **find.dm_target(ref), **EVENT_PARAMS, **more
                )
            else:
                call = lambda more=more: self._client.get_users_tweets(  # noqa: E731
                    self._own_id,
                    start_time=after,
                    max_results=100,
                    user_auth=self._user_auth,
                    **POST_PARAMS,
                    **more,
                )
            document = wire.as_mapping(self._send_request(call, scope="tweet.read").document)
            sent, page = find.find_own_x_message(
                document, ref, text, after, self._own_id, direct=visibility == "direct"
            )
            if sent or not page:
                return sent
        return None

    @staticmethod
    def measure_length(text: str) -> int:
        """Return the weighted length of a text.

        A link counts 23, CJK characters and emoji 2, most others 1. Above 25,000 characters: the plain
        length.
        """
        return length.weigh_text(text)

    def verify_webhook(self, headers: Mapping[str, str], raw_body: bytes) -> bool:
        return webhook.is_signed_by_x(headers, raw_body, self.credentials.secrets.get("consumer_secret", ""))

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        """Return the JSON body that answers X's `crc_token`, None without one."""
        return webhook.answer_x_challenge(query, self.credentials.secrets.get("consumer_secret", ""))

    def parse_webhook(self, payload: JSONObject) -> tuple[InboundMessage, ...]:
        """Return the messages in an account activity delivery.

        Those for other accounts and malformed ones are left out.
        """
        return webhook.parse_x_webhook(payload, self._own_id)
