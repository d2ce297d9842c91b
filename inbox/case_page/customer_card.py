"""The customer's card on a case's page: who it is, and the other cases, the related ones marked."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from accounts.access import viewer
from accounts.models import User
from inbox.display import display_name
from inbox.models import Case, CaseEvent, Direction, Identity, Message, Verb
from inbox.visibility import Visibility
from networks.registry import network_label
from wording.times import short_date_with_year, to_display_zone

#: Shown on the page: other names of the customer, other cases.
MOST_IDENTITIES, MOST_OTHER_CASES = 10, 6
#: Messages of a thread that are looked through for other customers' cases.
MOST_IN_THREAD = 50


def customer_annotations(user: User) -> dict[str, Any]:
    """Return the annotations of a case that the card needs.

    Only what the user may see.
    """
    others = (
        Case.objects.visible_to(user)
        .filter(customer=OuterRef("customer_id"))
        .exclude(pk=OuterRef("pk"))
        .order_by("-activity_at")
        .values(json=JSONObject(id="id", preview="preview", status="status", network="network"))
    )
    names = (
        Identity.objects.filter(customer=OuterRef("customer_id"))
        .exclude(pk=OuterRef("identity_id"))
        .values(json=JSONObject(handle="handle", name="name", network="network"))
    )
    related = CaseEvent.objects.filter(case=OuterRef("pk"), verb__in=(Verb.RELATED, Verb.SPLIT, Verb.MERGED))
    return {
        "other_cases": ArraySubquery(others[:MOST_OTHER_CASES]),
        "other_names": ArraySubquery(names[:MOST_IDENTITIES]),
        "related_ids": ArraySubquery(related.values("data__case")),
        "thread_cases": ArraySubquery(_cases_in_same_thread(user)[:MOST_OTHER_CASES]),
    }


def _cases_in_same_thread(user: User) -> QuerySet[Case, Any]:
    """Return the cases of other customers in the case's thread."""
    in_thread = Message.objects.filter(
        brand_account=OuterRef(OuterRef("brand_account_id")),
        thread_id=OuterRef(OuterRef("thread_id")),
        direction=Direction.INBOUND,
        visibility=Visibility.PUBLIC,
    ).exclude(thread_id="")
    cases = Case.objects.visible_to(user).filter(pk__in=in_thread.values("case")[:MOST_IN_THREAD])
    cases = cases.exclude(customer=OuterRef("customer_id")).order_by("-activity_at")
    return cases.values(
        json=JSONObject(
            id="id", preview="preview", status="status", handle="identity__handle", name="identity__name"
        )
    )


def customer_context(case: Case, user: User) -> dict[str, Any]:
    """Return the card of a case that was read with `customer_annotations`."""
    author = case.identity
    others: list[dict[str, Any]] = getattr(case, "other_cases", [])
    identities: list[dict[str, Any]] = getattr(case, "other_names", [])
    return {
        "name": author.name if author.handle and author.name != author.handle else "",
        "followers": f"{author.followers:,}" if author.followers is not None else "",
        "verified": author.verified,
        "tags": case.customer.tags,
        "may_erase": viewer(user).may("erase") and not author.is_erased,
        "since": short_date_with_year(to_display_zone(case.customer.created_at)),
        "names": [
            f"{display_name(identity['handle'], identity['name'])} on {network_label(identity['network'])}"
            for identity in identities
        ],
        "others": [
            {
                "id": other["id"],
                "text": other["preview"] or "(no text)",
                "open": other["status"] not in ("resolved", "dismissed"),
                "related": other["id"] in getattr(case, "related_ids", ()),
            }
            for other in others
        ],
        "more": len(others) == MOST_OTHER_CASES,
        "in_thread": [
            {
                "id": other["id"],
                "who": display_name(other["handle"], other["name"]),
                "text": other["preview"] or "(no text)",
                "open": other["status"] not in ("resolved", "dismissed"),
            }
            for other in getattr(case, "thread_cases", [])
        ],
    }
