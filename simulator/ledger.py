"""The truth about what stands on the networks, for comparing with a database."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator.records import Attempt, BrandAccount, Message, iso
from simulator.world import World

_YIELD_EVERY = 500


def message_entry(world: World, message: Message) -> dict[str, Any]:
    """One message. `id` is the newest version's, `first_id` stays the same across edits."""
    author = world.person(message.network, message.author)
    return {
        "rev": message.rev,
        "seq": message.seq,
        "id": message.id,
        "first_id": message.first_id,
        "ids": [version.id for version in message.versions if message.network == "x"] or [message.id],
        "network": message.network,
        "account": message.account,
        "kind": message.kind,
        "direct": message.is_direct,
        "by_brand": message.by_brand,
        "author": message.author,
        "author_handle": author.handle if author else "",
        "author_name": author.name if author else "",
        "text": message.text,
        "in_reply_to": message.in_reply_to,
        "thread": message.thread,
        "addressed": message.addressed or [message.account],
        "created_at": iso(message.created_at),
        "edited_at": iso(message.edited_at) if message.edited_at else None,
        "deleted": bool(message.deleted_at),
        "hidden": message.hidden,
        "likes": message.likes,
        "origin": message.origin,
        "topic": message.topic,
        "client": message.client,
    }


def attempt_entry(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": iso(attempt.at), "network": attempt.network, "account": attempt.account, "action": attempt.action, "target": attempt.target,
        "text": attempt.text, "outcome": attempt.outcome, "accepted": attempt.outcome == "accepted", "message_id": attempt.message_id,
        "client": attempt.client,
    }  # fmt: skip


def account_entry(account: BrandAccount) -> dict[str, Any]:
    return {
        "network": account.network,
        "remote_id": account.remote_id,
        "handle": account.handle,
        "name": account.name,
        "secrets": account.secrets,
        **account.secrets,
    }


async def read_ledger(world: World, after: int = 0, limit: int | None = None) -> dict[str, Any]:
    """Return messages changed since revision `after`. `next` is the `after` of the next call, `more` says to
    call at once.

    Gives way to other requests now and then: a ledger of 100,000 takes a second or two to write.
    """
    messages = list(world.changes_after(after))
    last = max(world.revision, after)
    more = limit is not None and len(messages) > limit
    if more:
        messages = messages[:limit]
        last = messages[-1].rev
    entries: list[dict[str, Any]] = []
    for number, message in enumerate(messages):
        entries.append(message_entry(world, message))
        if number % _YIELD_EVERY == _YIELD_EVERY - 1:
            await asyncio.sleep(0)
    return {"messages": entries, "next": last, "more": more, "count": len(entries)}


def count_messages(world: World) -> dict[str, int]:
    """Count messages by side."""
    firsts = {id(message): message for message in world.messages.values()}.values()
    customers = sum(message.from_customer for message in firsts)
    return {"messages": len(firsts), "customers": customers, "brands": len(firsts) - customers}
