"""The post that a customer's message answers, when it is not in the same case."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject, Left

from inbox.display import display_name
from inbox.models import Case, Direction, Message, Visibility
from networks.registry import network_label, public_address
from wording.times import clock_time

#: Characters of the answered post that are shown.
MOST_CHARACTERS = 280


@dataclass(frozen=True, slots=True)
class AnsweredPost:
    """The post that a message answers.

    `text` is "" for one that is not kept here, which `words` then says; `address` leads to it on its network.
    """

    words: str
    text: str = ""
    address: str = ""


def answered_post_json() -> QuerySet[Message, Any]:
    """Return the subquery of `Message.answered`: the stored message that the outer one answers.

    Only what everybody can read on the network, because its case may be another department's.
    """
    above = Message.objects.filter(
        brand_account=OuterRef("brand_account"), canonical_id=OuterRef("parent_remote_id"),
        visibility=Visibility.PUBLIC, deleted_at__isnull=True, hidden=False,
    )  # fmt: skip
    document = JSONObject(
        case="case_id", text=Left("text", MOST_CHARACTERS + 1), direction="direction", at="network_time",
        handle=F("identity__handle"), name=F("identity__name"),
    )  # fmt: skip
    return above.values(json=document)[:1]


def answered_post(message: Message, case: Case, now: dt.datetime) -> AnsweredPost | None:
    """Return what a customer's message answers.

    None if it answers nothing, or something that stands in the same case.
    """
    is_public = message.visibility == Visibility.PUBLIC
    if message.direction != Direction.INBOUND or not (message.parent_remote_id and is_public):
        return None
    above: dict[str, Any] | None = getattr(message, "answered", None)
    if above is None:
        return AnsweredPost(
            f"In reply to a post that is not stored here: see it on {network_label(case.network)}",
            address=public_address(case.network, message.parent_remote_id),
        )
    if above["case"] == case.pk or not above["text"]:
        return None
    who = "our post" if above["direction"] == Direction.OUTBOUND else _author(above)
    text = above["text"]
    shown = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
    at = dt.datetime.fromisoformat(above["at"])
    return AnsweredPost(f"In reply to {who}, {clock_time(at, now)}", shown)


def _author(above: dict[str, Any]) -> str:
    return display_name(above["handle"] or "", above["name"] or "")
