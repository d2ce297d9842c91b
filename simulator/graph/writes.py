"""Publishing, hiding, liking and deleting through Graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from simulator.graph.auth import Caller
from simulator.graph.errors import GraphProblem, duplicate_error, not_there_error, parameter_error
from simulator.placing import Draft, conversation_id
from simulator.records import Attempt, BrandAccount, Message
from simulator.world import World

COMMENT_LENGTH = 8000
MESSENGER_LENGTH = 2000
DAY_MS = 24 * 3600 * 1000
#: A private reply is possible once per comment, within 7 days.
PRIVATE_REPLY_MS = 7 * DAY_MS
Body = dict[str, Any]


class Writer:
    """One write of one caller. Every attempt is entered in the ledger with its outcome."""

    def __init__(self, world: World, caller: Caller, parameters: Mapping[str, str], user_agent: str) -> None:
        self.world = world
        self.page: BrandAccount = caller.need_page()
        self.parameters = parameters
        self.client = {"user_agent": user_agent, "auth": "page token"}

    def _record_attempt(
        self, action: str, target: str, text: str, outcome: str, message_id: str = ""
    ) -> None:
        self.world.record_attempt(
            Attempt(
                self.world.clock(),
                "facebook",
                self.page.remote_id,
                action,
                target,
                text,
                outcome,
                message_id,
                self.client,
            )
        )

    def _require_own(self, object_id: str, verb: str = "post") -> Message:
        """Return a post or comment on this Page. Raises `GraphProblem` 100/33."""
        message = self.world.find_readable_message(object_id)
        if (
            message is None
            or message.network != "facebook"
            or message.account != self.page.remote_id
            or message.is_direct
        ):
            raise not_there_error(object_id, verb)
        return message

    def publish(self, target: str, edge: str) -> Body:
        """`POST /{target}/{edge}`."""
        text = self.parameters.get("message", "")
        try:
            if edge == "comments":
                message = self._comment(self._require_own(target), text)
            elif edge == "feed" and target in ("me", self.page.remote_id):
                message = self._post(text)
            elif edge in ("messages", "private_replies"):
                message = self._message(target, edge)
            else:
                raise GraphProblem(400, f"(#100) Unsupported post request to /{edge}", 100)
        except GraphProblem as problem:
            self._record_attempt(edge, target, text, f"refused: {problem}")
            raise
        self._record_attempt(edge, target, message.text, "accepted", message.id)
        if edge == "messages":
            return {"recipient_id": message.client.get("recipient", ""), "message_id": message.id}
        return {"id": message.id}

    def _text(self, text: str, most: int) -> str:
        if not text.strip():
            raise GraphProblem(400, "(#100) Missing message or attachment", 100, 1705)
        if len(text) > most:
            raise parameter_error(f"Param message must be at most {most} characters long")
        return text

    def _draft(self, text: str, kind: Any, parent: Message | None, recipient: str = "") -> Draft:
        person = self.world.people[f"facebook:{self.page.remote_id}"]
        client = self.client | ({"recipient": recipient} if recipient else {})
        return Draft(
            "facebook", self.page, person, text, kind, parent, "api", client=client, recipient=recipient
        )

    def _comment(self, parent: Message, text: str) -> Message:
        return self.world.post(
            self._draft(self._text(text, COMMENT_LENGTH), "comment", parent), self.world.clock()
        )

    def _post(self, text: str) -> Message:
        newest = self.world.timeline("posts", self.page.remote_id).newest()
        if newest is not None and newest.text == text and self.world.clock() - newest.created_at < DAY_MS:
            raise duplicate_error()
        return self.world.post(self._draft(self._text(text, 63_206), "brand_post", None), self.world.clock())

    # -- Messenger -------------------------------------------------------------------------------------------------

    def _structure(self, name: str) -> Body:
        """Return a nested parameter. facebook-sdk mangles those that were not made JSON first."""
        try:
            value = orjson.loads(self.parameters.get(name, ""))
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise parameter_error(f"Param {name} must be a JSON object")
        return value

    def _message(self, target: str, edge: str) -> Message:
        if edge == "private_replies":
            return self._private_reply(target, self.parameters.get("message", ""))
        if target not in ("me", self.page.remote_id):
            raise not_there_error(target, "post")
        recipient, content = self._structure("recipient"), self._structure("message")
        text = content.get("text")
        if not isinstance(text, str) or not text:
            raise parameter_error("Param message[text] must be a non-empty UTF-8 encoded string")
        if len(text) > MESSENGER_LENGTH:
            raise parameter_error(
                f"Length of param message[text] must be less than or equal to {MESSENGER_LENGTH}"
            )
        if comment := recipient.get("comment_id") or recipient.get("post_id"):
            return self._private_reply(str(comment), text)
        person = str(recipient.get("id", ""))
        if self.world.person("facebook", person) is None:
            raise GraphProblem(400, "(#100) No matching user found", 100, 2018001)
        self._check_window(person)
        last = self.world.timeline(
            "messages", conversation_id(self.world, self.page.remote_id, person)
        ).newest()
        return self.world.post(self._draft(text, "direct", last, person), self.world.clock())

    def _check_window(self, person: str) -> None:
        thread = conversation_id(self.world, self.page.remote_id, person)
        customer_messages = (
            message
            for message in self.world.timeline("messages", thread).newest_first()
            if not message.by_brand
        )
        last = next(customer_messages, None)
        days = 7 if self.parameters.get("tag") == "HUMAN_AGENT" else 1
        if last is None or self.world.clock() - last.created_at > days * DAY_MS:
            raise GraphProblem(400, "(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview", 10, 2018278)  # fmt: skip

    def _private_reply(self, target: str, text: str) -> Message:
        comment = self._require_own(target)
        if self.world.clock() - comment.created_at > PRIVATE_REPLY_MS:
            raise GraphProblem(400, "(#10900) Activity is too old for a private reply", 10900)
        if comment.client.get("private_reply"):
            raise GraphProblem(400, "(#10900) Activity already replied to", 10900)
        message = self.world.post(
            self._draft(self._text(text, MESSENGER_LENGTH), "direct", None, comment.author),
            self.world.clock(),
        )
        comment.client["private_reply"] = message.id
        return message

    # -- changing what stands --------------------------------------------------------------------------------------

    def change(self, target: str) -> Body:
        """`POST /{target}`: hide a comment or reword one's own."""
        message = self._require_own(target)
        if "is_hidden" in self.parameters:
            if message.by_brand:
                raise GraphProblem(400, "(#1446036) You cannot hide your own comment", 1446036)
            self.world.hide(message, self.parameters["is_hidden"].lower() in ("true", "1"))
        elif "message" in self.parameters:
            if not message.by_brand:
                raise GraphProblem(403, "(#200) The Page may edit only its own comments", 200)
            self.world.edit(
                message, self._text(self.parameters["message"], COMMENT_LENGTH), self.world.clock()
            )
        else:
            raise parameter_error("Nothing to change")
        self._record_attempt("change", target, self.parameters.get("message", ""), "accepted", target)
        return {"success": True}

    def like(self, target: str, liked: bool) -> Body:
        self.world.like(self._require_own(target), self.page.remote_id, liked)
        return {"success": True}

    def delete(self, target: str) -> Body:
        message = self._require_own(target, "delete")
        self.world.delete(message, self.world.clock())
        self._record_attempt("delete", target, "", "accepted", target)
        return {"success": True}
