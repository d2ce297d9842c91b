"""The composer of an answer: message to answer, brand account, length limit, and why sending is disabled."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.access import viewer
from accounts.brand_accounts.charter import describe_account, why_charter_stops_answers
from accounts.models import BrandAccount, Health, Lifecycle, User
from accounts.people.answering import describe_whom_to_ask
from inbox.approval_rules.reasons import list_reasons
from inbox.changes.refusals import why_nothing_is_kept
from inbox.models import LIVE_STATES, Case, Direction, Message, Reply, Visibility
from inbox.replies.readable import on_its_way_sentence
from networks import registry
from networks.base import LengthUnit
from wording.times import at_time_phrase


@dataclass(frozen=True, slots=True)
class Composer:
    """The contents of the form. `disabled` is a sentence that says why nothing can be sent, "" if it can.

    `max_length` is in `unit` (see `networks.base.LengthUnit`) and includes " " + `signature`. `composer_id` is new for
    each form, so that a repeated submit finds the first answer. `seen_version` is the case's version when the form was
    built.
    """

    parent: Message | None
    brand_account: BrandAccount
    visibility: str
    network_label: str
    max_length: int
    unit: str
    signature: str
    disabled: str
    has_permission: bool
    seen_version: int
    composer_id: uuid.UUID
    draft: str
    #: Until when the network lets us answer, as a sentence; "" without a limit and once it is over.
    window_note: str = ""
    #: Where the conversation can be read and answered on the network; "" while we can answer here.
    elsewhere: str = ""
    #: That the charter soon lets nobody answer any more, or where customers are sent; "" for neither.
    account_note: str = ""
    #: Why the answer needs somebody's approval before it is sent; empty if it does not.
    approval: tuple[str, ...] = ()

    @property
    def handle(self) -> str:
        """The name under which the answer will appear on the network."""
        return self.brand_account.display_name


def build_composer(
    case: Case,
    user: User,
    messages: Sequence[Message],
    replies: Iterable[Reply],
    *,
    has_earlier: bool,
    draft: str,
    now: dt.datetime,
) -> Composer:
    """Build the composer of a case from data its page has read.

    `messages` are the newest ones in order, `replies` the pending answers with their authors; `has_earlier`: the case
    may have messages before them. The composer answers the newest message of the customer that can be answered: one
    statement if it is not among `messages`, one more for the end of a direct conversation's reply window.
    """
    parent = next((message for message in reversed(messages) if _is_answerable(message)), None)
    if parent is None and has_earlier:
        parent = newest_answerable_message(case)
    capabilities, ends_at = registry.network_capabilities(case.network), reply_window_end(case)
    is_over = ends_at is not None and ends_at <= now
    return Composer(
        parent=parent,
        brand_account=case.brand_account,
        visibility=case.visibility,
        network_label=capabilities.label,
        max_length=max_reply_length(case.network, case.visibility),
        unit=reply_length_unit(case.network, case.visibility),
        signature=user.signature,
        disabled=_why_disabled(case, user, parent, replies, _explain_window_end(case, ends_at, now), now),
        has_permission=viewer(user).may_publish_as(case.brand_account_id),
        seen_version=case.version,
        composer_id=uuid.uuid4(),
        draft=draft,
        window_note=_window_note(capabilities.label, ends_at) if ends_at is not None and not is_over else "",
        elsewhere=parent.permalink if is_over and parent is not None else "",
        account_note=describe_account(case.brand_account, now),
        approval=tuple(_why_to_approve(case, messages)) if parent is not None else (),
    )


def _why_to_approve(case: Case, messages: Sequence[Message]) -> list[str]:
    """Return why an answer needs approval, from what was read already."""
    texts = (message.text for message in messages if message.direction == Direction.INBOUND)
    return list_reasons(case, texts)


def _is_answerable(message: Message) -> bool:
    return message.direction == Direction.INBOUND and message.deleted_at is None and message.can_reply


def newest_answerable_message(case: Case) -> Message | None:
    """Return the newest message for which `_is_answerable` is true.

    Reads the database.
    """
    answerable = Message.objects.filter(
        case=case, direction=Direction.INBOUND, deleted_at__isnull=True, can_reply=True
    )
    return answerable.order_by("-network_time", "-id").first()


def _why_disabled(
    case: Case,
    user: User,
    parent: Message | None,
    replies: Iterable[Reply],
    why_too_late: str,
    now: dt.datetime,
) -> str:
    """Return why the person cannot answer now, as a sentence.

    "" if they can.
    """
    reason = why_cannot_answer_as(user, case.brand_account, now)
    reason = reason or _why_unanswerable(case, parent) or why_too_late
    if reason or parent is None:
        return reason
    live = (reply for reply in replies if reply.parent_id == parent.pk and reply.state in LIVE_STATES)
    first = next(live, None)
    return on_its_way_sentence(first, user) if first is not None else ""


def why_cannot_answer_as(user: User, brand_account: BrandAccount, now: dt.datetime) -> str:
    """Return why the person cannot answer as this brand account.

    A sentence for them, "" if they can. One statement when they lack permission or the account a charter: the
    sentence names whom to ask.
    """
    label = brand_account.network_label
    if not viewer(user).may("publish"):
        return "Your role does not allow you to answer customers."
    if not viewer(user).may_publish_as(brand_account.pk):
        return f"You don't have permission to answer as {brand_account.display_name}. {describe_whom_to_ask(brand_account)}"
    if brand_account.lifecycle == Lifecycle.CLOSED:
        return f"{brand_account.display_name} is no longer connected to {label}."
    if brand_account.health == Health.REAUTHORISE:
        return f"{label} no longer accepts the connection of {brand_account.display_name}: an administrator has to connect it again."
    return why_charter_stops_answers(brand_account, now)


def why_cannot_answer_message(case: Case, parent: Message | None, *, now: dt.datetime) -> str:
    """Return why this message cannot be answered, "" if it can.

    A sentence for the person; `parent` is None if there is no message to answer. One statement for a direct
    conversation on a network with a reply window, none otherwise.
    """
    if reason := why_nothing_is_kept(case):
        return reason
    return _why_unanswerable(case, parent) or _explain_window_end(case, reply_window_end(case), now)


def _why_unanswerable(case: Case, parent: Message | None) -> str:
    label = registry.network_label(case.network)
    if parent is None or parent.deleted_at is not None:
        return f"There is nothing left to answer: the customer's message was deleted, or {label} does not let us answer it."
    if parent.direction != Direction.INBOUND:
        return "Only a customer's message can be answered."
    if not parent.can_reply:
        return f"{label} does not let us answer this message."
    return ""


def _explain_window_end(case: Case, ends_at: dt.datetime | None, now: dt.datetime) -> str:
    """Return that the reply window is over, "" while it is not.

    With what would have made it longer.
    """
    if ends_at is None or ends_at > now:
        return ""
    capabilities = registry.network_capabilities(case.network)
    longer, permission = capabilities.late_reply_window, capabilities.late_reply_permission
    hint = (
        f" {permission} would make it {longer.days} days."
        if longer and not _answers_late(case.network)
        else ""
    )
    return (
        f"{capabilities.label} lets us answer for a limited time after the customer's last message. It ended "
        f"{at_time_phrase(ends_at)}.{hint}"
    )


def _window_note(label: str, ends_at: dt.datetime) -> str:
    return f"{label} lets us answer until {at_time_phrase(ends_at).removeprefix('at ')}."


def _answers_late(network: str) -> bool:
    """Return whether our application may answer later than usual."""
    return bool(settings.ANSWERS_LATE.get(network))


def reply_window_end(case: Case) -> dt.datetime | None:
    """Return the end of the reply window of a direct conversation.

    None for public messages and for networks without such a limit; else one statement.
    """
    return _end_after_last_message(case.pk, case.visibility, reply_window(case.network))


def reply_window(network: str) -> dt.timedelta | None:
    """Return how long direct messages of a network can be answered.

    None for always.
    """
    capabilities = registry.network_capabilities(network)
    return capabilities.late_reply_window if _answers_late(network) else capabilities.reply_window


def is_late_answer(reply: Reply, now: dt.datetime) -> bool:
    """Return whether only the longer reply window is open.

    One statement for a direct conversation where we may answer late, else none.
    """
    network = reply.brand_account.network
    usual = registry.network_capabilities(network).reply_window if _answers_late(network) else None
    ends_at = _end_after_last_message(reply.case_id, reply.visibility, usual)
    return ends_at is not None and ends_at <= now


def _end_after_last_message(case_id: int, visibility: str, window: dt.timedelta | None) -> dt.datetime | None:
    if window is None or visibility != Visibility.DIRECT:
        return None
    inbound = Message.objects.filter(case=case_id, direction=Direction.INBOUND)
    newest = inbound.order_by("-network_time").first()
    return newest.network_time + window if newest is not None else None


def max_reply_length(network: str, visibility: str) -> int:
    """Return the longest length of an answer, in the network's unit."""
    capabilities = registry.network_capabilities(network)
    return capabilities.max_dm_length if visibility == Visibility.DIRECT else capabilities.max_length


def reply_length_unit(network: str, visibility: str) -> LengthUnit:
    """Return the unit in which the network counts an answer."""
    capabilities = registry.network_capabilities(network)
    direct = capabilities.dm_length_unit if visibility == Visibility.DIRECT else None
    return direct or capabilities.length_unit


def measure_text(network: str, text: str, visibility: str = Visibility.PUBLIC) -> int:
    """Return the length of a text in the network's unit."""
    if reply_length_unit(network, visibility) == "char":
        return len(text)
    return registry.CONNECTORS[network].measure_length(text)


def refused_character_sentence(network: str, text: str) -> str:
    """Return which character the network would refuse, and where it stands.

    As a sentence for the author; "" if there is none.
    """
    capabilities = registry.network_capabilities(network)
    place = next((at for at, letter in enumerate(text) if letter in capabilities.refused_characters), None)
    if place is None:
        return ""
    before = text[:place].split()[-1:]
    where = f"after “{before[0][-30:]}”" if before else "at the beginning"
    return (
        f"{capabilities.label} refuses an invisible character (U+{ord(text[place]):04X}) {where}. Delete what stands there "
        "and type it again."
    )


def add_signature(text: str, user: User) -> str:
    """Return `text`, stripped, with the person's signature at the end.

    The signature is not added twice.
    """
    text = text.strip()
    signature = user.signature
    return text if not signature or text.endswith(signature) else f"{text} {signature}"
