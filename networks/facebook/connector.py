"""Facebook Pages (Graph) through facebook-sdk: comments, visitor posts, Messenger.

facebook-sdk is from 2018 and accepts no version after 3.1, so `GRAPH_VERSION` is set on its client directly, only here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import facebook

from networks import transport, wire
from networks.base import (
    Capabilities,
    Credentials,
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
from networks.facebook import errors, find, presence, webhook
from networks.facebook.blind_spots import BLIND_SPOTS
from networks.facebook.poll import FacebookPoller
from networks.presence import KnownMessage, Presence
from networks.transport import HTTPAnswer

GRAPH_VERSION = "v25.0"


def build_graph_api(
    token: str, app_secret: str, api_url: str
) -> tuple[facebook.GraphAPI, transport.Transport]:
    """Build the library's client for a token.

    With an app secret it also sends the proof that the app's own server uses the token (`appsecret_proof`).
    """
    # Not through version=: the constructor refuses everything after 3.1.
    graph = facebook.GraphAPI(token)
    graph.version = GRAPH_VERSION
    if app_secret:
        proof = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        graph.session.params = {"appsecret_proof": proof}
    return graph, transport.mount_transport(graph.session, api_url)


class FacebookConnector:
    """One Page. Its secrets: page_token, app_id, app_secret, and verify_token for webhooks."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        network="facebook",
        label="Facebook",
        streams=("comments", "visitor_posts", "direct"),
        max_length=8000,
        max_dm_length=2000,
        length_unit="char",
        threading="tree",
        dm=True,
        like=True,
        hide=True,
        delete_own=True,
        delete_other=True,
        edit=True,
        private_reply=True,
        reply_window=dt.timedelta(hours=24),
        late_reply_window=dt.timedelta(days=7),
        late_reply_permission="Meta’s Human Agent permission",
        webhooks=True,
        access_ends=False,
        blind_spots=BLIND_SPOTS,
        public_address="https://www.facebook.com/{id}",
    )

    def __init__(
        self, credentials: Credentials, *, api_url: str = "", clock: transport.Clock = transport.utc_now
    ) -> None:
        self.credentials = credentials
        self._own_id = credentials.remote_id
        self._now = clock
        secrets = credentials.secrets
        self._graph, self._transport = build_graph_api(
            secrets["page_token"], secrets.get("app_secret", ""), api_url
        )

    def _send_request(self, call: Callable[[], object], scope: str, *, write: bool = False) -> HTTPAnswer:
        """Send one request through the library; return its answer.

        Raises one of the contract's errors.
        """
        classify = partial(errors.classify_facebook_answer, write=write, now=self._now(), scope=scope)
        return transport.call_or_raise(self._transport, call, classify)

    def verify(self) -> OwnAccount:
        answer = self._send_request(
            lambda: self._graph.get_object("me", fields="id,name,username"), "pages_show_list"
        )
        page = wire.as_mapping(answer.document)
        try:
            remote_id = wire.require_id(page.get("id"))
        except ValueError:
            raise RetryLater("Facebook sent a response that could not be read.", code="malformed") from None
        name = wire.optional_text(page.get("name"))
        return OwnAccount(remote_id, wire.optional_text(page.get("username")) or name, name)

    def refresh_credentials(self) -> Credentials | None:
        """Return None: a Page token from a long-lived user token does not expire."""
        return None

    def poll(self, stream: StreamKind, cursor: JSONObject, limit: int = 100) -> PollResult:
        """Return one page of comments, visitor_posts or direct.

        The same message may be returned again: deduplicate by id.
        """
        poller = FacebookPoller(
            self._graph, self._send_request, self._own_id, stream, max(limit, 1), self._now()
        )
        return poller.poll_page(cursor)

    def fetch(self, ids: Sequence[str]) -> dict[str, InboundMessage]:
        return find.fetch_facebook_messages(self._graph, self._send_request, self._own_id, ids)

    def find_gone(self, messages: Sequence[KnownMessage]) -> Presence:
        return presence.find_gone_messages(self._graph, self._send_request, self._own_id, messages)

    def reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        target = ref.get("object_id")
        if not target:
            raise Rejected("This message cannot be answered in public on Facebook.", code="not_public")
        answer = self._send_request(
            lambda: self._graph.put_object(target, "comments", message=draft.text),
            "pages_manage_engagement",
            write=True,
        )
        return find.parse_facebook_sent_message(answer, "id", permalink=True)

    def send_dm(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        if not ref.get("recipient_id"):
            raise Rejected(
                "Facebook did not say who wrote this, so it cannot be answered directly.", code="no_recipient"
            )
        return self._send_message({"id": ref["recipient_id"]}, draft)

    def private_reply(self, ref: JSONObject, draft: OutgoingMessage, client_key: str) -> SentMessage:
        """Answer a comment or post in Messenger: once, within 7 days."""
        if not ref.get("object_id"):
            raise Rejected("Only a comment or a post can be answered privately.", code="not_public")
        kind = "post_id" if ref.get("kind") == "post" else "comment_id"
        return self._send_message({kind: ref["object_id"]}, draft)

    def _send_message(self, recipient: Mapping[str, Any], draft: OutgoingMessage) -> SentMessage:
        # requests flattens nested dicts in a form, so they must be sent as JSON text.
        form = {
            "recipient": json.dumps(recipient),
            "message": json.dumps({"text": draft.text}),
            "messaging_type": "RESPONSE",
        }
        if draft.is_late:
            form |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        answer = self._send_request(
            lambda: self._graph.put_object(self._own_id, "messages", **form), "pages_messaging", write=True
        )
        return find.parse_facebook_sent_message(answer, "message_id", permalink=False)

    def like(self, ref: JSONObject) -> None:
        self._send_request(
            lambda: self._graph.put_like(ref["object_id"]), "pages_manage_engagement", write=True
        )

    def hide(self, ref: JSONObject, hidden: bool = True) -> None:
        path, form = f"{GRAPH_VERSION}/{ref['object_id']}", {"is_hidden": "true" if hidden else "false"}
        self._send_request(
            lambda: self._graph.request(path, post_args=form), "pages_manage_engagement", write=True
        )

    def delete(self, remote_id: str) -> None:
        self._send_request(
            lambda: self._graph.delete_object(remote_id), "pages_manage_engagement", write=True
        )

    def find_own_message(
        self, ref: JSONObject, text: str, since: dt.datetime, visibility: Visibility
    ) -> SentMessage | None:
        return find.find_own_facebook_message(
            self._graph, self._send_request, self._own_id, ref, text, since, visibility
        )

    @staticmethod
    def measure_length(text: str) -> int:
        return len(text)

    def verify_webhook(self, headers: Mapping[str, str], raw_body: bytes) -> bool:
        return webhook.is_signed_by_facebook(
            headers, raw_body, self.credentials.secrets.get("app_secret", "")
        )

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return webhook.answer_facebook_challenge(query, self.credentials.secrets.get("verify_token", ""))

    def parse_webhook(self, payload: JSONObject) -> tuple[InboundMessage, ...]:
        """Return the messages in a delivery for this Page.

        Those for other Pages and malformed ones are left out.
        """
        return webhook.parse_facebook_webhook(payload, self._own_id)
