"""A network's reasons for refusing an answer, in our words. Its own words are kept beside them."""

from __future__ import annotations

from networks.base import (
    BudgetExhausted,
    CannotRead,
    Gone,
    MissingPermission,
    NetworkError,
    Reauthorise,
    Refusal,
    RetryLater,
)

_SENTENCES: dict[str, str] = {
    Refusal.DUPLICATE: "{network} does not take the same text twice, and this one was just posted. Change a word and send it again.",
    Refusal.CLOSED: "The person who wrote it decides who may answer on {network}, and we may not.",
    Refusal.TOO_LONG: "It is too long for {network}. Shorten it and send it again.",
    Refusal.AUTOMATED: "{network} took it for an automatic message. Reword it, or wait a little, and send it again.",
    Refusal.WINDOW: "{network} lets us answer for a limited time after the customer's last message, and that time is over.",
    Refusal.UNAVAILABLE: "{network} does not deliver messages to this person at the moment.",
}
_DUPLICATE_IN_DOUBT = (
    "{network} says that the same text was just posted: an earlier attempt may be there already."
)
_IN_DOUBT = "An earlier attempt may have been published all the same."


def describe_refusal(error: NetworkError, network: str, account: str, *, in_doubt: bool) -> tuple[str, str]:
    """Return a sentence about a refusal, and what the network said.

    `network` and `account` are names for the sentence; `in_doubt`: an earlier attempt may have been published.
    """
    detail = error.said or str(error)
    if in_doubt and error.refusal is Refusal.DUPLICATE:
        return _DUPLICATE_IN_DOUBT.format(network=network), detail
    sentence = _sentence(error).format(network=network, account=account)
    return (f"{sentence} {_IN_DOUBT}" if in_doubt else sentence), detail


def _sentence(error: NetworkError) -> str:
    if error.refusal in _SENTENCES:
        return _SENTENCES[error.refusal]
    if isinstance(error, Gone):
        return "The customer's message was deleted, or {network} no longer shows it to us."
    if isinstance(error, CannotRead):
        return (
            "{network} does not show us the customer's message: it was deleted, or we may no longer see it."
        )
    if isinstance(error, MissingPermission):
        return "The connection of {account} lacks a permission for this. An administrator has to connect it again."
    if isinstance(error, Reauthorise):
        return "Held until {account} is connected again."
    if isinstance(error, BudgetExhausted):
        return (
            "{network}’s allowance for this period is used up. It will be sent when the next period begins."
        )
    if isinstance(error, RetryLater):
        return "{network} does not accept it at the moment."
    return "{network} refused it."
