"""The place of a new message: its id, its thread, and whose mentions show it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from simulator.identifiers import Ids, messenger_id, number_for
from simulator.records import BrandAccount, Kind, Message, Network, Person

HANDLE = re.compile(r"(?<![\w@])@(\w{1,15})")


@dataclass(slots=True)
class Draft:
    """A message before it stands on the network."""

    network: Network
    account: BrandAccount
    author: Person
    text: str
    kind: Kind
    parent: Message | None = None
    origin: str = "control"
    topic: str = ""
    client: dict[str, str] = field(default_factory=dict)
    #: Who a brand's direct message goes to.
    recipient: str = ""
    #: From when on lists show it, in milliseconds; 0 for at once. By its id it can be read from the beginning.
    shown_at: int = 0
    #: Its id, where whoever posts it has one already; else the network gives it one.
    id: str = ""


class Population(Protocol):
    """The part of the world that placing a message needs: its numbers and its people."""

    ids: Ids
    seed: int

    def person(self, network: Network, person_id: str) -> Person | None:
        """Return the person with this id, or None."""

    def find_person_by_handle(self, network: Network, handle: str) -> Person | None:
        """Return the person with this handle, whatever its case, or None."""


def mentioned_accounts(world: Population, text: str) -> set[str]:
    """Brand accounts on X whose handle stands in the text."""
    people = (world.find_person_by_handle("x", handle) for handle in HANDLE.findall(text))
    return {person.id for person in people if person is not None and person.is_brand}


def place_message(world: Population, draft: Draft, now: int) -> Message:
    by_brand = draft.author.id == draft.account.remote_id
    number = draft.id or (world.ids.snowflake(now) if draft.network == "x" else world.ids.graph(now))
    message = Message(
        draft.network, number, draft.account.remote_id, draft.author.id, draft.text, draft.kind, now, "",
        in_reply_to=draft.parent.id if draft.parent else "", by_brand=by_brand, origin=draft.origin,
        topic=draft.topic, client=draft.client, number=int(number), shown_at=draft.shown_at,
    )  # fmt: skip
    if draft.kind == "direct":
        _place_direct(world, message, draft)
    elif draft.network == "x":
        _place_on_x(world, message, draft)
    else:
        _place_on_facebook(message, draft)
    return message


def _place_direct(world: Population, message: Message, draft: Draft) -> None:
    other = draft.recipient if message.by_brand else draft.author.id
    if not other:
        raise ValueError("a brand's direct message needs a recipient")
    if message.network == "x":
        message.thread = "-".join(sorted((message.account, other), key=int))
    else:
        message.id = messenger_id(message.id)
        message.thread = conversation_id(world, message.account, other)


def conversation_id(world: Population, page: str, person: str) -> str:
    """Return the Messenger conversation between a Page and a person."""
    return "t_" + number_for(world.seed, "conversation", page, person)


def _place_on_x(world: Population, message: Message, draft: Draft) -> None:
    addressed = mentioned_accounts(world, message.text)
    if draft.parent is not None:
        parent = draft.parent
        if parent.is_direct:
            raise ValueError("a post cannot answer a direct message")
        message.thread = parent.thread
        author = world.person("x", parent.author)
        if author is not None and author.is_brand:
            addressed.add(author.id)
    else:
        message.thread = message.id
        if not message.by_brand and not addressed:
            addressed.add(message.account)
    message.addressed = sorted(addressed - {message.author})


def _place_on_facebook(message: Message, draft: Draft) -> None:
    if draft.kind == "comment":
        if draft.parent is None or draft.parent.is_direct:
            raise ValueError("a comment needs a post or comment to stand under")
        message.thread = draft.parent.thread
        message.id = f"{draft.parent.thread.rpartition('_')[2]}_{message.id}"
    elif draft.kind == "photo":
        # A photo of an album has comments of its own, which are not the album's.
        message.thread = message.id
    else:
        owner = draft.author.id if draft.kind == "tagged" else message.account
        message.id = message.thread = f"{owner}_{message.id}"
