"""Read what hangs on comments, posts and Messenger messages, as Graph and as webhooks write it.

Often it stands beside an empty text, so each of it has a name, an address or at least a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from networks import wire
from networks.base import Attachment

#: Of a Messenger message; `shares` has to be asked for like everything else.
FILE_FIELDS = (
    "attachments{id,mime_type,name,size,image_data,video_data,file_url,generic_template},sticker,"
    "shares{id,link,name,description}"
)
_ELSEWHERE = "Only Facebook shows it: open the conversation there."


def parse_media(attachment: object) -> tuple[Attachment, ...]:
    """Parse the attachment of a comment or post."""
    if not isinstance(attachment, Mapping):
        return ()
    image = wire.as_mapping(wire.as_mapping(attachment.get("media")).get("image"))
    kind = _text(attachment, "media_type") or _text(attachment, "type")
    address = _text(image, "src") or where_link_leads(_text(attachment, "url"))
    return (Attachment(kind=kind or "media", url=address, name=_text(attachment, "title")),)


def parse_files(item: Mapping[str, Any], conversation_address: str) -> tuple[Attachment, ...]:
    """Parse what hangs on a Messenger message of Graph."""
    files = [
        _parse_file(part, conversation_address)
        for part in wire.as_list(wire.as_mapping(item.get("attachments")).get("data"))
        if isinstance(part, Mapping)
    ]
    if sticker := _text(item, "sticker"):
        files.append(Attachment("sticker", sticker))
    for shared in map(wire.as_mapping, wire.as_list(wire.as_mapping(item.get("shares")).get("data"))):
        address = where_link_leads(_text(shared, "link"))
        # A sticker is in both lists.
        if address != sticker:
            files.append(
                Attachment("link", address, name=_text(shared, "name"), text=_text(shared, "description"))
            )
    return tuple(files)


def _parse_file(part: Mapping[str, Any], conversation_address: str) -> Attachment:
    if template := wire.as_mapping(part.get("generic_template")):
        return _parse_template(template, wire.as_mapping(template.get("cta")))
    mime, name = _text(part, "mime_type"), _text(part, "name")
    data = wire.as_mapping(part.get("image_data")) or wire.as_mapping(part.get("video_data"))
    address = _text(data, "url") or _text(part, "file_url")
    if not address and not mime:
        # Facebook names why it hands nothing out, for example in Europe.
        return Attachment("unavailable", conversation_address, name=name, text=_ELSEWHERE)
    return Attachment(mime.partition("/")[0] or "file", address, mime, name)


def _parse_template(template: Mapping[str, Any], action: Mapping[str, Any]) -> Attachment:
    addresses = (_text(action, "url"), _text(template, "item_url"), _text(template, "media_url"))
    return Attachment(
        "template",
        where_link_leads(next(filter(None, addresses), "")),
        name=_text(template, "title"),
        text=_text(template, "subtitle"),
    )


def parse_delivered(attached: object) -> Attachment:
    """Parse one attachment of a Messenger message of a webhook.

    What counts stands in `payload` or beside it, and `payload` is at times a text or null.
    """
    beside = wire.as_mapping(attached)
    payload = wire.as_mapping(beside.get("payload"))
    kind = _text(beside, "type") or "file"
    elements = wire.as_list(payload.get("elements")) or wire.as_list(
        wire.as_mapping(payload.get("generic")).get("elements")
    )
    for element in map(wire.as_mapping, elements):
        return _parse_template(element, wire.as_mapping(element.get("default_action")))
    name = _text(payload, "title") or _text(beside, "title")
    address = where_link_leads(_text(payload, "url") or _text(beside, "url"))
    if kind == "location":
        return _parse_place(wire.as_mapping(payload.get("coordinates")), name, address)
    if payload.get("sticker_id") is not None:
        kind = "sticker"
    return Attachment("link" if kind == "fallback" else kind, address, name=name)


def _parse_place(coordinates: Mapping[str, Any], name: str, address: str) -> Attachment:
    sides = (coordinates.get("lat"), coordinates.get("long"))
    if not all(isinstance(side, int | float) and not isinstance(side, bool) for side in sides):
        return Attachment("location", address, name=name)
    latitude, longitude = sides
    place = f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}"
    return Attachment("location", place, name=name or f"{latitude}, {longitude}")


def where_link_leads(address: str) -> str:
    """Return the address to which a link through Facebook's counter leads."""
    if not address.startswith(("https://l.facebook.com/l.php?", "https://lm.facebook.com/l.php?")):
        return address
    try:
        return parse_qs(urlsplit(address).query).get("u", [address])[0]
    except ValueError:
        return address


def _text(mapping: Mapping[str, Any], key: str) -> str:
    return wire.optional_text(mapping.get(key))
