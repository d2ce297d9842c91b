"""Messenger's events in a webhook: a message, one that was edited or taken back, a button that was pressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from networks import wire
from networks.base import Attachment, Author, InboundMessage
from networks.facebook.attached import parse_delivered


def parse_direct(event: Mapping[str, Any], own_id: str) -> InboundMessage | None:
    """Parse one event; None for one that is no message: read, delivered, a reaction.

    Raises `ValueError` when malformed.
    """
    body = next((event[key] for key in ("message", "message_edit", "postback") if key in event), None)
    if not isinstance(body, Mapping):
        return None
    sender = wire.require_id(wire.as_mapping(event.get("sender")).get("id"))
    recipient = wire.require_id(wire.as_mapping(event.get("recipient")).get("id"))
    is_self = body.get("is_echo") is True or sender == own_id
    person = recipient if is_self else sender
    at = wire.require_time(int(str(event.get("timestamp"))) / 1000)
    # Buttons of old have no id; who pressed and when makes one.
    made_id = f"postback-{person}-{event.get('timestamp')}" if "postback" in event else None
    remote_id = wire.require_id(body.get("mid", made_id))
    attachments, deleted = _attachments(body), _is_true(body.get("is_deleted"))
    return InboundMessage(
        stream="direct",
        remote_id=remote_id,
        canonical_id=remote_id,
        thread_id=f"dm-{person}",
        parent_id=wire.optional_text(wire.as_mapping(body.get("reply_to")).get("mid")),
        author=Author(sender, is_self=is_self),
        text=_text(body, may_lack=bool(attachments) or deleted, is_button="postback" in event),
        created_at=at,
        edited_at=at if "message_edit" in event else None,
        visibility="direct",
        deleted=deleted,
        attachments=attachments,
        can_reply=not is_self and not deleted,
        reply_ref={"recipient_id": person},
        raw=event,
    )


def _attachments(body: Mapping[str, Any]) -> tuple[Attachment, ...]:
    attachments = tuple(map(parse_delivered, wire.as_list(body.get("attachments"))))
    if not attachments and _is_true(body.get("is_unsupported")):
        return (Attachment("unsupported"),)
    return attachments


def _text(body: Mapping[str, Any], *, may_lack: bool, is_button: bool) -> str:
    text = body.get("title") if is_button else body.get("text")
    return wire.optional_text(text) if may_lack else wire.require_text(text)


def _is_true(flag: object) -> bool:
    """Tell whether a flag is set. Some deliveries write it as a text."""
    return flag is True or (isinstance(flag, str) and flag.lower() == "true")
