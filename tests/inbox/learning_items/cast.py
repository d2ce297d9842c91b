"""A learning item that shipped, with the cases of some customers."""

from __future__ import annotations

import datetime as dt

from inbox.models import ItemState, LearningItem, LearningLink
from tests.factories import NOW, CaseFactory, IdentityFactory, MessageFactory

BEFORE = NOW - dt.timedelta(days=20)


def shipped_item(department, **fields):
    return LearningItem.objects.create(
        **{
            "title": "The cord gets hot",
            "department": department,
            "state": ItemState.SHIPPED,
            "decision": "will_change",
            "reason": "It is dangerous",
            "shipped_on": NOW.date(),
            "what_changed": "The cord is thicker",
            "created_at": BEFORE,
            "changed_at": BEFORE,
            **fields,
        }
    )


def link_case(
    item, by, brand, department, *, text="The cord gets hot", language="en", message=None, **fields
):
    """A resolved case of a customer, linked to the item."""
    case = CaseFactory(
        **{
            "brand_account": brand,
            "department": department,
            "created_at": BEFORE,
            "status": "resolved",
            "closed_at": BEFORE + dt.timedelta(hours=3),
            "waiting_since": None,
            "identity": fields.pop("identity", None) or IdentityFactory(network=brand.network),
            **fields,
        }
    )
    quote = MessageFactory(case=case, text=text, language=language, **(message or {}))
    LearningLink.objects.create(item=item, case=case, quote=quote, at=NOW, by=by)
    return case
