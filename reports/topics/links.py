"""Find who answered or mentioned whom in public, among customers. Direct messages are never looked at."""

from __future__ import annotations

from collections.abc import Iterator

import regex
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Upper

from inbox.models import ERASED_PREFIX, Direction, Identity, Message, Visibility
from reports.models import CustomerLink

#: A handle as it stands in a text. Bluesky's and Mastodon's have dots and a second @.
_HANDLE = regex.compile(
    r"(?<![\p{L}\p{N}_@＠/])[@＠]([\p{L}\p{N}_][\p{L}\p{N}_.\-]{0,198}(?:@[\p{L}\p{N}.\-]+)?)"
)
#: Handles of one message that count; more is a list of names and no conversation.
_MOST_MENTIONED = 10


def find_links(case_ids: list[int]) -> Iterator[CustomerLink]:
    """Yield the links of the public messages of some cases. Three statements.

    A message that both answers and mentions somebody answers. Nobody is linked to themselves, nor to an erased customer.
    """
    messages = list(
        _public_messages().filter(case__in=case_ids).select_related("identity").order_by("network_time", "id")
    )
    parents = _find_authors(
        {(m.brand_account_id, m.parent_remote_id) for m in messages if m.parent_remote_id}
    )
    mentioned = {message.pk: _list_handles(message.text) for message in messages}
    named = _find_named(
        {(m.identity.network, name) for m in messages if m.identity for name in mentioned[m.pk]}
    )
    for message in messages:
        author = message.identity
        if author is None:
            continue
        others: dict[int, CustomerLink.Kind] = {}
        for name in mentioned[message.pk]:
            if other := named.get((author.network, name)):
                others[other] = CustomerLink.Kind.MENTIONED
        if other := parents.get((message.brand_account_id, message.parent_remote_id)):
            others[other] = CustomerLink.Kind.REPLIED
        for other, kind in others.items():
            if other != author.pk:
                yield CustomerLink(
                    message_id=message.pk,
                    case_id=message.case_id,
                    from_identity_id=author.pk,
                    to_identity_id=other,
                    kind=kind,
                    at=message.network_time,
                )


def _public_messages() -> QuerySet[Message]:
    return Message.objects.filter(
        direction=Direction.INBOUND, visibility=Visibility.PUBLIC, case__visibility=Visibility.PUBLIC,
        deleted_at=None, erased_at=None,
    ).exclude(identity__remote_id__startswith=ERASED_PREFIX)  # fmt: skip


def _find_authors(posts: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Return the customer's account that wrote each post, if any."""
    if not posts:
        return {}
    by_account: dict[int, list[str]] = {}
    for account, post in sorted(posts):
        by_account.setdefault(account, []).append(post)
    wanted = Q()
    for account, names in by_account.items():
        wanted |= Q(brand_account=account, canonical_id__in=names)
        wanted |= Q(~Q(remote_id=F("canonical_id")), brand_account=account, remote_id__in=names)
    rows = _public_messages().filter(wanted)
    columns = rows.values_list("brand_account_id", "canonical_id", "remote_id", "identity_id")
    return {(account, post): author for account, *both, author in columns for post in both if author}


def _list_handles(text: str) -> list[str]:
    names = (match[1].rstrip(".-").upper() for match in _HANDLE.finditer(text[:2_000]))
    return list(dict.fromkeys(names))[:_MOST_MENTIONED]


def _find_named(names: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the customers' accounts with these handles, in capitals.

    Of several the one that was seen last.
    """
    if not names:
        return {}
    rows = Identity.objects.annotate(capitals=Upper("handle")).filter(
        capitals__in=sorted({name for _, name in names})
    )
    rows = rows.exclude(remote_id__startswith=ERASED_PREFIX).order_by("seen_at", "pk")
    by_handle = {(row.network, row.handle.upper()): row.pk for row in rows}
    return {key: pk for key, pk in by_handle.items() if key in names}
