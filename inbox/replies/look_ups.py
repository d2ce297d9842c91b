"""Looking on the network for an answer that may have been published."""

from __future__ import annotations

from inbox.changes.refusals import Invalid
from inbox.models import Reply
from networks.base import (
    Connector,
    Gone,
    MissingPermission,
    NetworkError,
    Refusal,
    Rejected,
    SentMessage,
)


def find_after_refusal(connector: Connector, reply: Reply, error: NetworkError) -> SentMessage | None:
    """Find an answer that an earlier attempt published.

    The network refused this attempt. None without an earlier one whose outcome is unknown, unless the network calls
    the answer a duplicate. Raises `NetworkError` if it does so and the answer cannot be looked for.
    """
    if not isinstance(error, Rejected | Gone | MissingPermission):
        return None
    if not reply.outcome_unknown and error.refusal is not Refusal.DUPLICATE:
        return None
    try:
        return find_on_network(connector, reply)
    except NetworkError:
        if error.refusal is Refusal.DUPLICATE:
            raise
        return None


def find_on_network(connector: Connector, reply: Reply) -> SentMessage | None:
    """Find the answer on the network; None if it is not there.

    A message whose id belongs to another answer of ours is ignored.
    """
    published = connector.find_own_message(
        reply.parent.reply_ref,
        reply.text,
        reply.created_at,
        "direct" if reply.visibility == "direct" else "public",
    )
    if published is None:
        return None
    others = Reply.objects.filter(brand_account=reply.brand_account, remote_id=published.remote_id)
    return None if others.exclude(pk=reply.pk).exists() else published


def parse_remote_id(pasted: str, reply: Reply) -> str:
    """Return the id of a message from pasted text.

    The text is the id itself or the address of the message. Raises `Invalid` for anything else, and for the id of
    another answer.
    """
    remote_id = pasted.strip().split("?")[0].rstrip("/").rpartition("/")[2]
    if not remote_id or len(remote_id) > 200 or not remote_id.isprintable() or " " in remote_id:
        raise Invalid("That is neither an id nor an address of a message.")
    if (
        Reply.objects.filter(brand_account=reply.brand_account_id, remote_id=remote_id)
        .exclude(pk=reply.pk)
        .exists()
    ):
        raise Invalid("That id belongs to another answer of ours.")
    return remote_id
