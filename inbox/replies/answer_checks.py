"""What an answer's text must be before it goes to the outbox: signed, short enough, complete."""

from __future__ import annotations

from accounts.models import User
from inbox.changes.refusals import Invalid
from inbox.models import Message
from inbox.replies.composer import (
    add_signature,
    max_reply_length,
    measure_text,
    refused_character_sentence,
)
from inbox.replies.placeholders import unresolved_placeholder_sentence
from inbox.text import is_visible

#: Characters. The length of a longer text is counted in characters, because measuring it in the network's unit is
#: slow.
LONGEST_INPUT = 20_000


def check_and_sign(text: str, parent: Message, by: User) -> str:
    """Return the complete text to send, with the signature.

    Raises `Invalid` if it is empty, too long for the network, or still holds a placeholder.
    """
    if text == by.signature or not is_visible(text):
        raise Invalid("Write an answer before you send it.")
    if sentence := unresolved_placeholder_sentence(text):
        raise Invalid(sentence)
    network = parent.brand_account.network
    signed, longest = add_signature(text, by), max_reply_length(network, parent.visibility)
    length = measure_within_reason(network, signed, parent.visibility)
    if length > longest:
        label = parent.brand_account.network_label
        raise Invalid(
            f"With your signature the answer is {length:,} long; {label} takes {longest:,}. Shorten it by {length - longest:,}."
        )
    if sentence := refused_character_sentence(network, signed):
        raise Invalid(sentence)
    return signed


def measure_within_reason(network: str, text: str, visibility: str) -> int:
    """Return the length of a text in the network's unit.

    Of a very long text in characters.
    """
    return len(text) if len(text) > LONGEST_INPUT else measure_text(network, text, visibility)
