"""What a composer needs to know before a person writes: which message is answered, as whom, how long, and why not."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from accounts.access import viewer
from accounts.models import BrandAccount, Health, Lifecycle, User
from inbox.changes.refusals import at_time_phrase, name_or_somebody
from inbox.models import LIVE_STATES, Case, Direction, Message, Reply, Visibility
from inbox.replies import drafts
from networks import registry


@dataclass(frozen=True, slots=True)
class Composer:
    """Everything the form shows. `disabled` is a sentence that says why nothing can be sent, "" when it can.

    `max_length` is in `unit` (see `networks.base.LengthUnit`) and includes " " + `signature`. `composer_id` is fresh:
    it goes into the form, so that a doubled submit finds the first one. `seen_version` is the case's version now.
    """

    parent: Message | None
    brand_account: BrandAccount
    visibility: str
    network_label: str
    max_length: int
    unit: str
    signature: str
    disabled: str
    seen_version: int
    composer_id: uuid.UUID
    draft: str
    #: End of the time in which the network lets us answer, None where it sets none.
    window_ends_at: dt.datetime | None

    @property
    def handle(self) -> str:
        """As whom the answer will stand on the network."""
        return self.brand_account.display_name


def build_composer(case: Case, user: User, *, now: dt.datetime) -> Composer:
    """The composer of a case that `user` may read, for the newest message of the customer that can be answered."""
    brand_account = case.brand_account
    capabilities = registry.network_capabilities(case.network)
    parent = newest_answerable_message(case)
    return Composer(
        parent=parent,
        brand_account=brand_account,
        visibility=case.visibility,
        network_label=capabilities.label,
        max_length=max_reply_length(case.network, case.visibility),
        unit=capabilities.length_unit,
        signature=user.signature,
        disabled=why_cannot_answer(case, user, parent, now=now),
        seen_version=case.version,
        composer_id=uuid.uuid4(),
        draft=drafts.read_draft(case.pk, user),
        window_ends_at=reply_window_end(case) if parent else None,
    )


def newest_answerable_message(case: Case) -> Message | None:
    """The customer's newest message that stands on the network and can be answered."""
    theirs = Message.objects.filter(
        case=case, direction=Direction.INBOUND, deleted_at__isnull=True, can_reply=True
    )
    return theirs.order_by("-network_time", "-id").first()


def why_cannot_answer(case: Case, user: User, parent: Message | None, *, now: dt.datetime) -> str:
    """Why the person cannot answer here and now, as a sentence; "" when nothing stands in the way."""
    if reason := why_cannot_answer_as(user, case.brand_account) or why_cannot_answer_message(
        case, parent, now=now
    ):
        return reason
    live = Reply.objects.filter(parent=parent, state__in=LIVE_STATES).select_related("author").first()
    return on_its_way_sentence(live, user) if live is not None else ""


def why_cannot_answer_as(user: User, brand_account: BrandAccount) -> str:
    """Why the person cannot answer in the name of this brand account, "" when that is fine."""
    label = registry.network_capabilities(brand_account.network).label
    if not viewer(user).may("publish"):
        return "Your role does not allow you to answer customers."
    if not viewer(user).may_publish_as(brand_account.pk):
        return f"You have not been allowed to answer as {brand_account.display_name}. Ask an administrator."
    if brand_account.lifecycle == Lifecycle.CLOSED:
        return f"{brand_account.display_name} is no longer connected to {label}."
    if brand_account.health == Health.REAUTHORISE:
        return f"{label} no longer accepts the connection of {brand_account.display_name}: an administrator has to connect it again."
    return ""


def why_cannot_answer_message(case: Case, parent: Message | None, *, now: dt.datetime) -> str:
    """Why this message cannot be answered, "" when it can."""
    label = registry.network_capabilities(case.network).label
    if parent is None or parent.deleted_at is not None:
        return f"There is nothing left to answer: the customer's message was deleted, or {label} does not let us answer it."
    if parent.direction != Direction.INBOUND:
        return "Only a customer's message can be answered."
    if not parent.can_reply:
        return f"{label} does not let us answer this message."
    ends_at = reply_window_end(case)
    if ends_at is not None and ends_at <= now:
        return f"{label} lets us answer for a limited time after the customer's last message. It ended {at_time_phrase(ends_at)}."
    return ""


def reply_window_end(case: Case) -> dt.datetime | None:
    """Until when the network lets us answer a direct conversation, None where it sets no limit."""
    window = registry.network_capabilities(case.network).reply_window
    if window is None or case.visibility != Visibility.DIRECT:
        return None
    last = Message.objects.filter(case=case, direction=Direction.INBOUND).order_by("-network_time").first()
    return last.network_time + window if last is not None else None


def on_its_way_sentence(reply: Reply, user: User) -> str:
    """What is said of an answer that may still appear on the network."""
    whose = "Your" if reply.author_id == user.pk else f"{name_or_somebody(reply.author)}'s"
    return f"{whose} answer of {at_time_phrase(reply.created_at).removeprefix('at ')} is on its way ({reply.get_state_display().lower()})."


def max_reply_length(network: str, visibility: str) -> int:
    """How long an answer may be, in the network's unit."""
    capabilities = registry.network_capabilities(network)
    return capabilities.max_dm_length if visibility == Visibility.DIRECT else capabilities.max_length


def measure_text(network: str, text: str) -> int:
    """Length of a text in the network's own unit."""
    return registry.CONNECTORS[network].measure_length(text)


def add_signature(text: str, user: User) -> str:
    """`text` with the person's signature at its end, once."""
    text = text.strip()
    signature = user.signature
    return text if not signature or text.endswith(signature) else f"{text} {signature}"
